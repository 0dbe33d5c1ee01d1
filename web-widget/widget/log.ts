// The log on the screen: a list of items, each drawn once and drawn again only when it has changed.
import type { WireChoice, WireEvent } from '../protocol';
import { cardTable } from '../shared/card';
import { type Child, h } from '../shared/dom';
import { moment } from '../shared/format';
import { isBlank, rich } from '../shared/text';
import type { Chat } from './chat';
import { isSaid, openChoices, openSurvey } from './conversation';
import type { Entry } from './outbox';
import { speaker } from './transcript';
import * as words from './words';

export function makeLog(chat: Chat, locale?: string) {
  const element = h('div', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': words.log, tabindex: '0' });
  const shown = new Map<string, { look: string; node: HTMLElement }>();
  /** What was rated on this page, by `seq`: the score while a line in the customer's own words may follow, then nothing. */
  const remarks = new Map<number, number | undefined>();

  /** Brings the screen in line with the chat, and returns the first item that is new. */
  const update = (): HTMLElement | undefined => {
    const wanted = new Map<string, { look: string; draw(): HTMLElement }>();
    list((key, look, draw) => wanted.set(key, { look: JSON.stringify([look]), draw }));

    const focused = element.querySelector(':focus');
    for (const [key, { look, node }] of shown) {
      if (wanted.get(key)?.look === look) continue;
      node.remove();
      if (!wanted.has(key)) shown.delete(key);
    }
    let index = 0;
    let first: HTMLElement | undefined;
    for (const [key, { look, draw }] of wanted) {
      let item = shown.get(key);
      if (item?.look !== look) {
        const node = draw();
        if (!item) {
          first ??= node;
          node.classList.add('new');
        }
        shown.set(key, (item = { look, node }));
      }
      const there = element.children[index++];
      if (there !== item.node) element.insertBefore(item.node, there ?? null);
    }
    if (focused && !focused.isConnected) (element.querySelector('input') ?? element).focus();
    return first;
  };

  /** Every item in order: which it is, all that its drawing depends on, and how to draw it. */
  const list = (add: (key: string, look: unknown, draw: () => HTMLElement) => void) => {
    const { conversation, outbox } = chat.now();
    const { business, hours, events, verified, scores, typing, staff } = conversation;
    const echoes = outbox.filter((entry) => entry.shown);
    const isBusy = echoes.some(({ state }) => state === 'sending');
    const lastOwn = isBusy
      ? Infinity
      : (events.findLast((event) => isSaid(event) && event.from === 'customer')?.seq ?? 0);

    if (business) {
      add('intro', [business, verified], () =>
        line(`${verified ? words.signedInAs(verified) : ''} ${business.privacy}`),
      );
      if (hours && !hours.open) add('hours', hours, () => line(words.away(hours)));
      add('greeting', business, () => bubble('bot', words.assistant, rich(business.greeting)));
      if (!isBusy && !events.some(isSaid)) add('starters', business, () => buttons(business.starters));
    }
    for (const event of events) {
      const { seq, kind, text, key = `e${seq}`, rateable } = event;
      if (isSaid(event)) add(key, 0, () => said(event));
      else if (kind === 'owner' && text) add(key, 0, () => line(text));

      if (seq < lastOwn || !(rateable || kind === 'survey')) continue;
      const rate = outbox.findLast(({ frame }) => frame.type === 'rate' && frame.about === seq);
      if (rate?.state === 'failed') remarks.delete(seq);
      if (remarks.has(seq)) add(`rate${seq}`, remarks.get(seq), () => thanks(seq, remarks.get(seq)));
      else if (rateable && scores[seq] == null && rate?.state !== 'sending') add(`rate${seq}`, '', () => thumbs(seq));
    }
    // Buttons belong to the last answer, whatever could not be sent since.
    const choices = openChoices(conversation);
    if (choices && !isBusy) add(`choices${choices.seq}`, 0, () => buttons(choices.choices!));
    for (const entry of echoes) add(entry.frame.key, [entry.state, entry.reason], () => echo(entry));

    const survey = openSurvey(conversation);
    if (survey && !remarks.has(survey.seq)) add(`survey${survey.seq}`, 0, () => steps(survey));
    if (typing) add('typing', typing.from, () => dots(speaker({ from: typing.from, name: staff })));
  };

  const line = (text: string) => h('p', { class: 'line' }, text);

  const bubble = (from: string, name: string, content: Child, ...below: Child[]) =>
    h(
      'article',
      { 'data-from': from, 'aria-label': name },
      from !== 'customer' && h('p', { class: 'who', 'aria-hidden': 'true' }, name),
      h('div', { class: 'bubble', dir: 'auto' }, content),
      ...below,
    );

  const said = (event: WireEvent) => {
    const { at, from, text = '', card, receipt } = event;
    const more = from === 'customer' ? words.sent : receipt?.reference;
    const meta = moment(at, locale) + (more ? ` · ${more}` : '');
    const content = receipt
      ? h('div', { class: 'receipt' }, rich(text), receipt.undo && h('p', { class: 'note' }, receipt.undo))
      : rich(text);
    return bubble(
      from,
      receipt ? words.receipt : speaker(event),
      content,
      card && cardTable(card),
      h('p', { class: 'meta' }, meta),
    );
  };

  const echo = ({ frame, shown, state, reason }: Entry) =>
    bubble(
      'customer',
      words.you,
      rich(shown!),
      state === 'failed'
        ? h(
            'p',
            { class: 'fault' },
            `${words.notSent} ${reason ?? ''} `,
            !reason && h('button', { class: 'link', onclick: () => chat.retry(frame.key) }, words.tryAgain),
            ' ',
            h('button', { class: 'link', onclick: () => chat.drop(frame.key) }, words.remove),
          )
        : h('p', { class: 'meta' }, words.sending),
    );

  const buttons = (choices: WireChoice[]) =>
    h(
      'div',
      { class: 'choices' },
      ...choices.map(({ id, label }) => h('button', { class: 'choice', onclick: () => chat.choose(id, label) }, label)),
    );

  const dots = (name: string) =>
    h('div', { class: 'typing', role: 'img', 'aria-label': words.typing(name) }, h('i'), h('i'), h('i'));

  const rate = (about: number, score: number, askMore: boolean) => {
    remarks.set(about, askMore ? score : undefined);
    chat.rate(about, score);
  };

  const thumbs = (about: number) =>
    h(
      'div',
      { class: 'rating', role: 'group', 'aria-label': words.helpful },
      words.helpful,
      h('button', { class: 'choice', onclick: () => rate(about, 1, false) }, words.yes),
      h('button', { class: 'choice', onclick: () => rate(about, 0, true) }, words.no),
    );

  const steps = ({ seq, text }: WireEvent) =>
    h(
      'fieldset',
      { class: 'survey' },
      h('legend', {}, text),
      ...words.steps.map((label, index) =>
        h('button', { class: 'choice', onclick: () => rate(seq, index + 1, true) }, h('b', {}, `${index + 1}`), label),
      ),
    );

  /** After a score: thanks, and where it helps one line in the customer's own words. */
  const thanks = (about: number, score?: number): HTMLElement => {
    if (score == null) return line(words.thanks);
    const input = h('input', { 'aria-label': words.comment, placeholder: words.comment, maxlength: '500' });
    return h(
      'form',
      {
        class: 'rating',
        onsubmit(event: Event) {
          event.preventDefault();
          if (isBlank(input.value)) return;
          remarks.set(about, undefined);
          chat.rate(about, score, input.value.trim());
        },
      },
      words.thanks,
      input,
      h('button', { class: 'choice' }, words.send),
    );
  };

  return { element, update, clear: () => remarks.clear() };
}
