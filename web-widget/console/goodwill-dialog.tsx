// The dialog in which something is given to the customer: what and why, then what they will read, then the yes.
import { useEffect, useRef } from 'preact/hooks';
import { changeSomething, fill, give, giving, stopGiving } from './goodwill';
import { Icon } from './icons';
import { openRow } from './open';
import { nameOf } from './state';
import { words } from './words';

export function GiveDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { id, asks } = giving.value ?? {};
  useEffect(() => {
    if (id && !dialog.current?.open) dialog.current?.showModal();
    if (!id && dialog.current?.open) dialog.current.close();
  }, [id]);
  return (
    <dialog ref={dialog} class="give" aria-labelledby="give-title" onClose={stopGiving}>
      <h2 id="give-title">{words.giveTo(nameOf(openRow.value))}</h2>
      {id && (asks ? <Sure /> : <Fill />)}
    </dialog>
  );
}

function Fill() {
  const { offer, fields, busy, fault } = giving.value!;
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), [offer]);
  const submit = (event: Event) => {
    event.preventDefault();
    void give(false);
  };
  return (
    <form onSubmit={submit} noValidate>
      {offer && <p class="hint">{words.giveLimit(offer.left, offer.limit)}</p>}
      {!offer && !fault && <p class="nothing">{words.loading}</p>}
      {offer && (
        <>
          <fieldset>
            <legend>{words.giveWhat}</legend>
            {[...offer.late_fees, { invoice: '', label: words.giveAmount }].map(({ invoice, label }, index) => (
              <label class="pick" key={invoice}>
                <input
                  ref={index === 0 ? first : undefined}
                  type="radio"
                  name="give-what"
                  checked={fields.what === invoice}
                  onChange={() => fill({ what: invoice })}
                />
                <span>{label}</span>
              </label>
            ))}
          </fieldset>
          {!fields.what && (
            <label class="field">
              <span>{words.giveHowMuch}</span>
              <input
                type="text"
                inputMode="decimal"
                autocomplete="off"
                value={fields.amount}
                aria-describedby={fault ? 'give-fault' : undefined}
                onInput={(event) => fill({ amount: event.currentTarget.value })}
              />
            </label>
          )}
          <label class="field">
            <span>{words.giveReason}</span>
            <input
              type="text"
              autocomplete="off"
              maxLength={200}
              value={fields.reason}
              aria-describedby={fault ? 'give-fault give-hint' : 'give-hint'}
              onInput={(event) => fill({ reason: event.currentTarget.value })}
            />
          </label>
          <p id="give-hint" class="hint">
            {words.giveReasonHint}
          </p>
        </>
      )}
      <Fault />
      <div class="actions">
        {offer && (
          <button type="submit" class="primary" aria-disabled={busy}>
            {words.giveLook}
          </button>
        )}
        <button type="button" onClick={stopGiving}>
          {words.giveLeave}
        </button>
      </div>
    </form>
  );
}

function Sure() {
  const { asks, fields, busy } = giving.value!;
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  return (
    <div class="sure">
      <p id="give-sure">{words.giveSure}</p>
      <blockquote aria-label={words.giveReads}>{asks!.text}</blockquote>
      <p class="hint">{words.giveRule(asks!.clause)}</p>
      <Fault />
      <div class="actions">
        <button
          ref={yes}
          type="button"
          class="primary"
          aria-disabled={busy}
          aria-describedby="give-sure"
          onClick={() => void give(true)}
        >
          {busy ? words.giving : fields.what ? words.giveYes.fee : words.giveYes.credit}
        </button>
        <button type="button" aria-disabled={busy} onClick={() => busy || changeSomething()}>
          {words.giveChange}
        </button>
      </div>
    </div>
  );
}

const Fault = () => {
  const fault = giving.value?.fault;
  return (
    <p id="give-fault" class="fault-box" role="alert" hidden={!fault}>
      <Icon name="urgent" />
      {fault}
    </p>
  );
};
