// Who is signed in, the list of keys, the switch for single letters, and the way out.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { countOf } from './desk';
import { signOut } from './live';
import { drafts } from './open';
import { lettersOn, setLetters } from './shortcuts';
import { me } from './state';
import { words } from './words';

const shown = signal(false);
export const showKeys = () => void (shown.value = true);

export function YouDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (shown.value && !dialog.current?.open) dialog.current?.showModal();
  }, [shown.value]);
  // Whoever signs in next doesn't find it open.
  useEffect(() => () => void (shown.value = false), []);
  const unsent = drafts.value.size;
  const held = countOf('mine') ?? 0;
  const leave = () => {
    shown.value = false;
    void signOut();
  };
  return (
    <dialog ref={dialog} class="you" aria-labelledby="you-name" onClose={() => (shown.value = false)}>
      <h2 id="you-name">{words.signedInAs(me.value?.name ?? '')}</h2>
      <p class="hint">{words.roles[me.value?.role ?? '']}</p>
      <section class="keys">
        <h3>{words.keys}</h3>
        <dl>
          {words.keysTable.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={lettersOn.value}
            aria-describedby="letters-hint"
            onChange={(event) => setLetters(event.currentTarget.checked)}
          />
          <span>{words.letters}</span>
        </label>
        <p id="letters-hint" class="hint">
          {words.lettersHint}
        </p>
      </section>
      {0 < held && <p class="hint">{words.held(held)}</p>}
      {0 < unsent && <p class="fault-box">{words.unsent(unsent)}</p>}
      <form method="dialog" class="actions">
        <button type="submit" class="primary" autofocus>
          {words.done}
        </button>
        <button type="button" onClick={leave}>
          {words.signOut}
        </button>
      </form>
    </dialog>
  );
}
