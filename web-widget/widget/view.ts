// The panel: header, status strip, log, composer. It shows the chat and hands what the customer does to it.
import type { WireEvent } from '../protocol';
import { h, icon } from '../shared/dom';
import { isBlank, tidy } from '../shared/text';
import type { Chat } from './chat';
import { isSaid } from './conversation';
import { makeLog } from './log';
import { speaker, spoken, transcript } from './transcript';
import * as words from './words';

export type View = ReturnType<typeof makeView>;

export function makeView(chat: Chat, close: () => void, locale?: string) {
  const log = makeLog(chat, locale);
  const root = () => element.getRootNode() as ShadowRoot;

  /** Who reads further up than one screen is left in peace. */
  const isNearEnd = () => {
    const { scrollHeight, scrollTop, clientHeight } = log.element;
    return scrollHeight - scrollTop < 2 * clientHeight;
  };

  const toEnd = () => {
    log.element.scrollTop = log.element.scrollHeight;
    newest.hidden = true;
  };

  /** Where to read on: what the bot says in several pieces is read from the first. */
  const startOf = (first: HTMLElement) => {
    const own = [...log.element.querySelectorAll('[data-from=customer]')].at(-1);
    return (chat.now().conversation.owner === 'bot' && (own?.nextElementSibling as HTMLElement)) || first;
  };

  const announce = (text: string) => {
    live.append(h('p', {}, text));
    if (live.children[4]) live.firstChild!.remove();
  };

  const lettersOver = () => chat.lettersOver(tidy(input.value));

  /** The field grows with what is in it, and says when that is too much. */
  const grow = () => {
    input.style.blockSize = 'auto';
    input.style.blockSize = `${input.scrollHeight}px`;
    const over = lettersOver();
    fault.textContent = over > 0 ? words.tooLong(over) : '';
    input.ariaInvalid = `${over > 0}`;
  };

  const setDraft = (text: string) => {
    input.value = text;
    grow();
  };

  const send = () => {
    if (isBlank(input.value) || lettersOver() > 0) return input.focus();
    chat.say(input.value);
    setDraft('');
  };

  const toggleMenu = (open: boolean) => {
    const inside = menu.contains(root().activeElement);
    menu.hidden = !open;
    more.ariaExpanded = `${open}`;
    if (open) menu.querySelector('button')!.focus();
    else if (inside) more.focus();
  };

  const erase = () => {
    if (!confirm(words.eraseSure)) return;
    chat.forget();
    announce(words.erased);
  };

  const download = () => {
    const text = transcript(chat.now().conversation.events, locale);
    h('a', {
      href: `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`,
      download: words.transcriptFile,
    }).click();
  };

  /** Prints the conversation alone: the page around it is hidden as long as the printing lasts. */
  const printAlone = () => {
    const { host } = root();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('@media print{body{display:none!important}}');
    document.adoptedStyleSheets.push(sheet);
    host.toggleAttribute('printing', true);
    addEventListener(
      'afterprint',
      () => {
        sheet.replaceSync('');
        host.toggleAttribute('printing', false);
      },
      { once: true },
    );
    print();
  };

  const name = h('h2');
  const who = h('p');
  const initial = h('span', { class: 'avatar', 'aria-hidden': 'true' });
  const strip = h('p', { class: 'strip' });
  const live = h('div', { class: 'unseen', 'aria-live': 'polite' });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const newest = h('button', { class: 'choice newest', hidden: true, onclick: toEnd }, words.newest);
  const input = h('textarea', {
    rows: '1',
    placeholder: words.placeholder,
    'aria-label': words.placeholder,
    enterkeyhint: 'send',
    dir: 'auto',
    oninput() {
      chat.write(input.value);
      grow();
    },
  });
  const tool = (label: string, path: string, onclick: () => void) =>
    h('button', { class: 'tool', 'aria-label': label, onclick }, icon(path));
  const more = tool(words.menu, 'M5 12h.5M12 12h.5M19 12h.5', () => toggleMenu(!!menu.hidden));
  const entry = (label: string, act: () => void) => {
    const onclick = () => {
      toggleMenu(false);
      act();
    };
    return h('button', { onclick }, label);
  };
  const menu = h(
    'div',
    { class: 'menu', hidden: true },
    entry(words.startOver, () => chat.choose('start_over', words.startOver)),
    entry(words.transcript, download),
    entry(words.print, printAlone),
    entry(words.end, () => chat.end()),
    entry(words.erase, erase),
  );
  const element = h(
    'section',
    { class: 'panel', role: 'dialog', 'aria-label': words.title, tabindex: '-1', lang: 'en', hidden: true },
    h(
      'header',
      {},
      initial,
      h('div', { class: 'title' }, name, who),
      more,
      tool(words.close, 'M6 6l12 12M18 6L6 18', close),
      menu,
    ),
    strip,
    log.element,
    newest,
    h(
      'div',
      { class: 'composer' },
      h(
        'div',
        { class: 'field' },
        input,
        h('button', { class: 'send', 'aria-label': words.send, onclick: send }, icon('M12 19V5M5 12l7-7 7 7')),
      ),
      fault,
      h(
        'button',
        { class: 'person', onclick: () => chat.choose('talk_to_human', words.person) },
        icon('M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-8 16-8 16 0'),
        words.person,
      ),
    ),
    live,
  );
  /** Pictures are not taken yet: that is said, and the page stays where it is. Cells of a table come with a picture of themselves. */
  const refuseFiles = (event: ClipboardEvent & DragEvent) => {
    const { type, clipboardData, dataTransfer } = event;
    const has = (kind: string) => (clipboardData ?? dataTransfer)?.types.includes(kind);
    // The name of a file that was copied is plain text too.
    if (!has('Files') || (type === 'paste' && has('text/plain') && has('text/html'))) return;
    event.preventDefault();
    if (type !== 'dragover') fault.textContent = words.noPictures;
  };

  log.element.onscroll = () => {
    if (isNearEnd()) newest.hidden = true;
  };
  element.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && relatedTarget !== more && !menu.contains(relatedTarget as Node)) toggleMenu(false);
  });
  for (const type of ['paste', 'dragover', 'drop'])
    element.addEventListener(type, refuseFiles as (event: Event) => void);

  /** Brings the screen in line with the chat; `fresh` is read out to those who can't see it. */
  const update = (fresh: readonly WireEvent[]) => {
    const { business } = chat.now().conversation;
    if (business) {
      name.textContent = business.name;
      initial.textContent = business.name[0]!;
    }
    who.textContent = speaking();
    const follows = isNearEnd();
    const { clientHeight } = log.element;
    tell(state());
    log.element.scrollTop += clientHeight - log.element.clientHeight;
    const first = log.update();
    if (first && follows) log.element.scrollTop = Math.max(log.element.scrollTop, startOf(first).offsetTop - 16);
    else if (first) newest.hidden = false;
    for (const event of fresh) {
      if (isSaid(event) && event.from !== 'customer') announce(`${speaker(event)}: ${spoken(event)}`);
      else if (event.kind === 'owner' && event.text) announce(event.text);
    }
  };

  const speaking = (): string => {
    const { owner, staff, business } = chat.now().conversation;
    if (owner === 'staff') return words.withPerson(staff);
    if (owner === 'queue') return words.waiting;
    return owner === 'nobody' ? words.ended : business ? words.answersFrom(business.name) : words.title;
  };

  /** The one line that matters most just now. */
  const state = (): string => {
    const { status, conversation, closed } = chat.now();
    const { owner, queue } = conversation;
    if (!navigator.onLine) return words.offline;
    if (status === 'connecting') return words.connecting;
    if (owner !== 'queue' || !queue) return closed ? words.closed : '';
    if (queue.back) return words.back(queue.back);
    const place = words.place(queue.place, queue.minutes);
    return queue.opened ? words.opened(place) : place;
  };

  /** What stands on the screen tells nothing about what was said last: a page that is translated has other words there. */
  let told = '';
  const tell = (state: string) => {
    if (state === told) return;
    strip.textContent = told = state;
    if (state) announce(state);
  };

  return {
    element,
    update,
    toEnd,

    /** The chat begins anew, with what it has now: nothing of what was on the screen stays. */
    clear() {
      log.clear();
      setDraft(chat.now().draft);
      live.replaceChildren();
    },

    focus() {
      if (matchMedia('(pointer:coarse)').matches) element.focus();
      else input.focus();
      grow();
      toEnd();
    },

    /** Escape closes what is open on top first; false when that is the panel itself. */
    escape(): boolean {
      const wasOpen = !menu.hidden;
      if (wasOpen) toggleMenu(false);
      return wasOpen;
    },

    /** Enter in the field sends. */
    enter(event: Event) {
      if (root().activeElement !== input) return;
      event.preventDefault();
      send();
    },
  };
}
