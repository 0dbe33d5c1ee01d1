// The transcript: who said what, with what the bot understood folded below.
import { Fragment } from 'preact';
import type { Understood, WireEvent, WireReading } from '../protocol';
import { clock, day } from '../shared/format';
import { pieces } from '../shared/text';
import { CardTable } from './cards';
import { Guesses } from './guesses';
import { Icon } from './icons';
import { events, flag, flagged, open, openRow, underWay } from './open';
import { mayAnswer, me, nameOf } from './state';
import {
  type Block,
  blocks,
  flaggable,
  lastSeq,
  paragraphs,
  plainly,
  readBelow,
  type Speaker,
  understoodBelow,
} from './transcript';
import { words } from './words';

export function Messages() {
  const log = events.value;
  const understood = understoodBelow(log);
  const read = readBelow(log);
  const flags = mayAnswer.value ? flaggable(log) : new Set<number>();
  return (
    <>
      {blocks(log, me.value?.name ?? '').map((block) => {
        if (block.kind === 'day')
          return (
            <h2 class="day" key={`day ${block.at}`}>
              {day(block.at)}
            </h2>
          );
        if (block.kind === 'line') return <SystemLine key={block.event.seq} event={block.event} />;
        return <Group key={block.events[0]!.seq} block={block} understood={understood} read={read} flags={flags} />;
      })}
      <Pending />
    </>
  );
}

const speakerName = (speaker: Speaker, name?: string) =>
  speaker === 'customer'
    ? nameOf(openRow.value)
    : speaker === 'bot'
      ? words.bot
      : speaker === 'me'
        ? words.me
        : (name ?? words.colleague);

const KIND: Partial<Record<Speaker, string>> = { customer: words.customer, colleague: words.colleague };

type GroupProps = {
  block: Extract<Block, { kind: 'group' }>;
  understood: Map<number, Understood>;
  read: Map<number, WireReading[]>;
  flags: Set<number>;
};

function Group({ block: { speaker, name, at, events }, understood, read, flags }: GroupProps) {
  const who = speakerName(speaker, name);
  return (
    <article class={`group ${speaker}`} aria-label={who}>
      <p class="speaker">
        <span class="face" aria-hidden="true">
          {speaker === 'bot' ? <Icon name="bot" /> : (speaker === 'me' ? me.value?.name : who)?.charAt(0).toUpperCase()}
        </span>
        <span class="name">{who}</span>
        {KIND[speaker] && KIND[speaker] !== who && <span class="kind">{KIND[speaker]}</span>}
        <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>
      </p>
      {events.map((event) => (
        <Fragment key={event.seq}>
          <Message event={event} trusted={speaker !== 'customer'} />
          <Below
            event={event}
            understood={understood.get(event.seq)}
            read={read.get(event.seq)}
            mayFlag={flags.has(event.seq)}
          />
        </Fragment>
      ))}
    </article>
  );
}

const Message = ({ event, trusted }: { event: WireEvent; trusted: boolean }) => (
  <div class="message" id={`event-${event.seq}`} tabIndex={-1}>
    {event.text && (
      <div class="bubble">
        {event.receipt && <strong class="receipt">{words.receipt}</strong>}
        {trusted ? (
          <Rich text={event.text} />
        ) : (
          <p class="typed" translate>
            {plainly(event.text)}
          </p>
        )}
        {event.receipt && <Rich text={words.receiptKept(event.receipt)} />}
      </div>
    )}
    {event.card && <CardTable card={event.card} />}
    {event.choices && 0 < event.choices.length && (
      <ul class="offered" aria-label={words.offered}>
        {event.choices.map(({ id, label }) => (
          <li key={id}>{label}</li>
        ))}
      </ul>
    )}
  </div>
);

type BelowProps = {
  event: WireEvent;
  understood: Understood | undefined;
  read: WireReading[] | undefined;
  mayFlag: boolean;
};

function Below({ event, understood, read, mayFlag }: BelowProps) {
  if (!understood && !mayFlag) return null;
  return (
    <div class="below">
      {understood && (
        <details class="understood">
          <summary>
            <Icon name="chevron" />
            {words.understood}
          </summary>
          <div>
            <p class={`decision ${understood.decision}`}>
              {words.decisions[understood.decision] ?? understood.decision}
            </p>
            {read?.[0] && <p>{words.readAs(read[0].because)}</p>}
            <Guesses guesses={understood.guesses} />
          </div>
        </details>
      )}
      {mayFlag && <Flag event={event} />}
    </div>
  );
}

function Flag({ event }: { event: WireEvent }) {
  const isFlagged =
    flagged.value.has(`${open.value?.id}:${event.seq}`) || open.value?.detail?.flagged.includes(event.seq);
  if (isFlagged)
    return (
      <span class="flagged">
        <Icon name="done" />
        {words.flagged}
      </span>
    );
  return (
    <button
      type="button"
      class="quiet flag"
      aria-label={words.wrongAbout((event.text ?? '').slice(0, 60))}
      onClick={() => void flag(event.seq)}
    >
      <Icon name="flag" />
      {words.wrong}
    </button>
  );
}

/** What the bot or a colleague wrote, with lists and addresses; what a customer typed never comes here. */
const Rich = ({ text }: { text: string }) => (
  <>
    {paragraphs(text).map((paragraph, index) =>
      paragraph.kind === 'p' ? (
        <p key={index}>
          <Linked text={paragraph.text} />
        </p>
      ) : (
        <ul key={index}>
          {paragraph.items.map((item, index) => (
            <li key={index}>
              <Linked text={item} />
            </li>
          ))}
        </ul>
      ),
    )}
  </>
);

const Linked = ({ text }: { text: string }) => (
  <>
    {pieces(text).map((piece, index) =>
      index % 2 ? (
        <a href={piece} target="_blank" rel="noopener noreferrer">
          {piece}
        </a>
      ) : (
        piece
      ),
    )}
  </>
);

function SystemLine({ event }: { event: WireEvent }) {
  const bad = event.kind === 'rating' && event.score === 0;
  return (
    <div class={`line ${event.kind} ${event.owner ?? ''} ${bad ? 'bad' : ''}`} id={`event-${event.seq}`} tabIndex={-1}>
      <p>
        {sentence(event)} <time dateTime={new Date(event.at).toISOString()}>{clock(event.at)}</time>
      </p>
      {event.kind === 'rating' && event.text && (
        <p class="typed" translate>
          “{plainly(event.text)}”
        </p>
      )}
    </div>
  );
}

function sentence(event: WireEvent): string {
  if (event.kind === 'rating') {
    const survey = events.value.some(({ seq, kind }) => seq === event.about && kind === 'survey');
    if (survey || 1 < (event.score ?? 0)) return words.ratedSurvey(event.score ?? 0);
    return event.score ? words.ratedGood : words.ratedBad;
  }
  if (event.kind === 'survey') return words.asked(event.text ?? '');
  if (event.kind === 'verified') return event.text ?? words.verified;
  return event.text ?? words.owners[event.owner ?? ''] ?? '';
}

/** A reply that is on its way, until the log has it. */
function Pending() {
  const attempt = underWay.value.get(open.value?.id ?? '');
  if (!attempt) return null;
  const newest = events.value.at(-1);
  if (newest?.from === 'staff' && newest.text === attempt.text && newest.seq === lastSeq(events.value)) return null;
  return (
    <div class="group me pending">
      <p class="speaker">
        <span class="name">{words.me}</span> {words.sending}
      </p>
      <div class="message">
        <div class="bubble">
          <Rich text={attempt.text} />
        </div>
      </div>
    </div>
  );
}
