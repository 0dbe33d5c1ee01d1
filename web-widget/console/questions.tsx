// What the bot couldn't answer, by cause, and what customers would like to be different.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CauseRow, QuestionRow } from '../protocol';
import { causes, causesFault, changeCause, loadCauses, suggestions, unfold, unfolded } from './causes';
import { Guesses } from './guesses';
import { Icon } from './icons';
import { Fault, Nothing } from './inbox';
import { type CauseStatus, href } from './routes';
import { isComposing } from './shortcuts';
import { mayManage, now, route } from './state';
import { plainly } from './transcript';
import { ago, words } from './words';

/** How many examples stand under a cause before the rest is asked for. */
const EXAMPLES_AT_FIRST = 5;

export function Causes() {
  const status: CauseStatus = route.value.view === 'questions' ? route.value.status : 'open';
  const all = causes.value;
  const found = all?.filter((cause) => cause.status === status);
  const most = Math.max(1, ...(found ?? []).map(({ count }) => count));
  return (
    <section class="page" aria-labelledby="page-title">
      <Title text={words.questions} intro={words.questionsIntro} />
      <nav class="tabs" aria-label={words.questions}>
        {(['open', 'closed'] as const).map((name) => (
          <a
            key={name}
            href={href({ view: 'questions', status: name })}
            aria-current={name === status ? 'true' : undefined}
          >
            {name === 'open' ? words.openCauses : words.closedCauses}
            {all && <span class="count">{all.filter((cause) => cause.status === name).length}</span>}
          </a>
        ))}
      </nav>
      {!found && causesFault.value && <Fault text={causesFault.value} again={() => void loadCauses()} />}
      {!found && !causesFault.value && <p class="nothing">{words.loading}</p>}
      {found && !found.length && <Nothing text={words.causesEmpty[status]} />}
      {found && 0 < found.length && (
        <ol class="causes">
          {found.map((cause) => (
            <Cause key={cause.id} cause={cause} most={most} />
          ))}
        </ol>
      )}
    </section>
  );
}

export function Suggestions() {
  const found = suggestions.value;
  return (
    <section class="page" aria-labelledby="page-title">
      <Title text={words.suggestions} intro={words.suggestionsIntro} />
      {!found && causesFault.value && <Fault text={causesFault.value} again={() => void loadCauses()} />}
      {!found && !causesFault.value && <p class="nothing">{words.loading}</p>}
      {found && !found.length && <Nothing text={words.suggestionsEmpty} />}
      {found && 0 < found.length && (
        <ul class="suggestions">
          {found.map((question) => (
            <li key={question.id}>
              <blockquote translate>{plainly(question.text)}</blockquote>
              <p class="facts">
                {question.outcome && <span>{question.outcome}</span>}
                <time>{ago(question.at, now.value)}</time>
                <ReadLink question={question} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Title({ text, intro }: { text: string; intro: string }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <header>
      <h1 id="page-title" ref={title} tabIndex={-1}>
        {text}
      </h1>
      <p class="hint">{intro}</p>
    </header>
  );
}

function Cause({ cause, most }: { cause: CauseRow; most: number }) {
  const naming = useSignal(false);
  const busy = useSignal(false);
  const open = cause.status === 'open';
  const change = async () => {
    if (busy.value) return;
    busy.value = true;
    await changeCause(cause.id, { status: open ? 'closed' : 'open' });
    busy.value = false;
  };
  return (
    <li class="cause">
      <div class="summary">
        <div class="about">
          <h2 class={naming.value ? 'unseen' : undefined}>{cause.name}</h2>
          {naming.value && <NameForm cause={cause} done={() => (naming.value = false)} />}
          <p class="volume">
            <span class="bar" aria-hidden="true">
              <span style={{ inlineSize: `${(100 * cause.count) / most}%` }} />
            </span>
            {words.count(cause.count)}
          </p>
        </div>
        <p class="cost">
          <span class="unseen">{words.cost}: </span>
          <strong>{cause.cost}</strong> <span>{words.soFar}</span>
        </p>
      </div>
      <div class="foot">
        <Examples cause={cause} />
        {mayManage.value && !naming.value && (
          <div class="actions">
            <button
              type="button"
              class="quiet"
              aria-label={`${words.rename}: ${cause.name}`}
              onClick={() => (naming.value = true)}
            >
              <Icon name="pen" />
              {words.rename}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`${open ? words.closeCause : words.reopenCause}: ${cause.name}`}
              aria-disabled={busy.value}
              onClick={() => void change()}
            >
              <Icon name={open ? 'done' : 'questions'} />
              {open ? words.closeCause : words.reopenCause}
            </button>
          </div>
        )}
      </div>
    </li>
  );
}

function NameForm({ cause, done }: { cause: CauseRow; done: () => void }) {
  const name = useSignal(cause.name);
  const fault = useSignal('');
  const busy = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const text = name.value.trim();
    if (!text) return void (fault.value = words.nameEmpty);
    if (text === cause.name) return done();
    if (busy.value) return;
    busy.value = true;
    if (await changeCause(cause.id, { name: text })) done();
    busy.value = false;
  };
  return (
    <form class="name-form" onSubmit={submit}>
      <input
        ref={field}
        aria-label={words.nameOf}
        aria-invalid={fault.value ? true : undefined}
        aria-describedby={fault.value ? `fault-${cause.id}` : undefined}
        maxLength={120}
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && !isComposing(event) && done()}
      />
      <button type="submit" class="primary">
        {words.saveName}
      </button>
      <button type="button" onClick={done}>
        {words.keepName}
      </button>
      {fault.value && (
        <p id={`fault-${cause.id}`} class="fault-box" role="alert">
          {fault.value}
        </p>
      )}
    </form>
  );
}

function Examples({ cause }: { cause: CauseRow }) {
  const state = unfolded.value.get(cause.id);
  const shown = state !== undefined;
  const questions = state === 'all' ? cause.questions : cause.questions.slice(0, EXAMPLES_AT_FIRST);
  const rest = cause.questions.length - questions.length;
  return (
    <details
      class="examples"
      open={shown}
      onToggle={({ currentTarget: { open } }) => open !== shown && unfold(cause.id, open ? 'some' : undefined)}
    >
      <summary data-row={cause.id}>
        <Icon name="chevron" />
        {shown ? words.hideExamples : words.examples(cause.questions.length)}
        <span class="unseen">: {cause.name}</span>
      </summary>
      {shown && (
        <>
          <ul>
            {questions.map((question) => (
              <Example key={question.id} question={question} />
            ))}
          </ul>
          {0 < rest && (
            <button type="button" onClick={() => unfold(cause.id, 'all')}>
              {words.more(rest)}
            </button>
          )}
        </>
      )}
    </details>
  );
}

const Example = ({ question }: { question: QuestionRow }) => (
  <li class="example">
    <blockquote translate>{plainly(question.text)}</blockquote>
    <p class="facts">
      <span class={`chip why ${question.why}`}>{words.whys[question.why] ?? question.why}</span>
      <time>{ago(question.at, now.value)}</time>
      <ReadLink question={question} />
    </p>
    <div class="detail">
      {0 < question.guesses.length && (
        <div>
          <h3>{words.guesses}</h3>
          <Guesses guesses={question.guesses} />
        </div>
      )}
      {0 < question.before.length && (
        <div>
          <h3>{words.before}</h3>
          <ul class="before">
            {question.before.map((text, index) => (
              <li key={index}>{text}</li>
            ))}
          </ul>
        </div>
      )}
      {question.outcome && (
        <div>
          <h3>{words.outcome}</h3>
          <p>{question.outcome}</p>
        </div>
      )}
    </div>
  </li>
);

const ReadLink = ({ question: { conversation, seq, text } }: { question: QuestionRow }) => (
  <a href={href({ view: 'conversation', id: conversation, seq })}>
    {words.read}
    <span class="unseen">: {text.slice(0, 60)}</span>
  </a>
);
