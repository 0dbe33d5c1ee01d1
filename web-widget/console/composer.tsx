// Where a reply is written, or the line that says who answers when it isn't me.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icons';
import {
  act,
  acting,
  customerTypes,
  drafts,
  isMine,
  open,
  openRow,
  replyFaults,
  send,
  stopTyping,
  underWay,
  write,
} from './open';
import { isComposing } from './shortcuts';
import { mayAnswer, nameOf } from './state';
import { words } from './words';

export function Answering() {
  const row = openRow.value;
  if (!row) return null;
  return (
    <div class="answering">
      {customerTypes.value && (
        <p class="typing">
          <span class="dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <span>{words.typing(nameOf(row))}</span>
        </p>
      )}
      {isMine.value ? <Composer key={row.id} id={row.id} /> : <Instead />}
    </div>
  );
}

function Instead() {
  const row = openRow.value;
  if (!row) return null;
  const free = row.owner === 'queue' || row.owner === 'bot';
  const text =
    row.owner === 'queue'
      ? words.nobodyYet
      : row.owner === 'bot'
        ? words.botAnswers
        : row.owner === 'nobody'
          ? words.isClosed
          : words.colleagueHas(row.staff?.name ?? words.colleague);
  return (
    <div class="instead">
      <p key={text}>{free && !mayAnswer.value ? words.readsOnly : text}</p>
      {free && mayAnswer.value && (
        <button
          type="button"
          class="primary"
          aria-disabled={acting.value !== undefined}
          onClick={() => void act('take')}
        >
          {words.take}
        </button>
      )}
    </div>
  );
}

function Composer({ id }: { id: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const text = drafts.value.get(id) ?? '';
  const fault = replyFaults.value.get(id);
  const busy = underWay.value.has(id);

  useEffect(() => field.current?.focus(), []);
  useLayoutEffect(() => {
    if (!field.current) return;
    field.current.style.blockSize = 'auto';
    field.current.style.blockSize = `${field.current.scrollHeight + 2}px`;
  }, [text]);

  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      document.getElementById('conversation-title')?.focus();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void send(id);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void send(id);
    field.current?.focus();
  };

  return (
    <form class="composer" onSubmit={submit}>
      <p id="reply-fault" class="fault-box" hidden={!fault}>
        <Icon name="urgent" />
        <span key={fault}>{fault}</span>
      </p>
      <div class="field">
        <textarea
          ref={field}
          id="reply"
          rows={1}
          enterkeyhint="send"
          placeholder={words.reply(nameOf(openRow.value))}
          aria-label={words.reply(nameOf(openRow.value))}
          aria-describedby={fault ? 'reply-fault reply-hint' : 'reply-hint'}
          value={text}
          onInput={(event) => write(id, event.currentTarget.value)}
          onKeyDown={press}
          onBlur={() => stopTyping(open.peek()?.id ?? id)}
        />
        <button type="submit" class="primary send" aria-label={words.send} aria-disabled={!text.trim() || busy}>
          <Icon name="send" />
          <span>{words.send}</span>
        </button>
      </div>
      <p id="reply-hint" class="hint">
        {words.replyHint}
      </p>
    </form>
  );
}
