// Puts the panel together once it is wanted: the chat, its view, the launcher's badge and the page's calls.
import { h } from '../shared/dom';
import { goodLocale } from '../shared/format';
import { makeChat } from './chat';
import { isSaid } from './conversation';
import { overPolling, overWebSocket } from './links';
import type { Call } from './loader';
import { makeMemory } from './memory';
import css from './panel.css';
import { makeView, type View } from './view';
import * as words from './words';

/** Small screens show the panel alone. */
const FULL_SCREEN = '(max-width: 480px), (max-height: 480px)';
/** How often time itself is looked at: typing that fades, messages that wait too long. */
const TICK_MS = 1_000;

/** What happens in the chat and is nobody else's: pages take what is pasted, keep it from scrolling, and draw the focus to themselves. */
const OURS = ['paste', 'copy', 'dragover', 'drop', 'wheel', 'touchmove'];
/** By these a page's modal keeps the focus, as they begin: nothing of ours needs them. */
const FOCUS = ['pointerdown', 'mousedown', 'touchstart', 'focus', 'focusin', 'focusout'];

type Happening = 'open' | 'close' | 'message' | 'unread' | 'identity';

/** Makes the panel in the loader's shadow root and returns what `plainbill(…)` does from now on. */
export function start(host: HTMLElement, launcher: HTMLButtonElement, options: DOMStringMap, src: string): Call {
  const root = host.shadowRoot!;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const base = new URL('.', src).href;
  const locale = goodLocale(options.locale, navigator.language, ...(navigator.languages ?? []));
  const fullScreen = matchMedia(FULL_SCREEN);
  /** Not the host: a page that opens its document anew ends every listener in it. */
  const ears = new EventTarget();
  const happened = (event: Happening, detail?: unknown) => ears.dispatchEvent(new CustomEvent(event, { detail }));
  const outside = h('div', { class: 'unseen', role: 'status' });
  let isOpen = false;
  let badge = 0;

  const chat = makeChat(
    {
      socket: overWebSocket(base),
      polling: overPolling(base),
      memory: makeMemory(options.persist),
      identityUrl: options.identityUrl,
      locale,
    },
    {
      changed(fresh) {
        view.update(fresh);
        look();
        fresh.filter(isSaid).forEach((event) => happened('message', event));
      },
      forgotten: () => view.clear(),
      acted: () => view.toEnd(),
      refused: () => happened('identity'),
    },
  );
  let view: View;
  let panel: HTMLElement;

  /** Makes the panel and listens to the page; where the listeners are still there, they stay one. */
  const draw = () => {
    view = makeView(chat, () => toggle(false), locale);
    panel?.remove();
    panel = view.element;
    panel.dir = options.dir ?? getComputedStyle(document.documentElement).direction;
    panel.hidden = !isOpen;
    // The launcher stays where it is: taken out, it would lose the focus of whoever has come to it by keyboard.
    launcher.after(panel, outside);
    for (const type of OURS) host.addEventListener(type, keep, { passive: true });
    for (const type of FOCUS) addEventListener(type, guard as EventListener, true);
    addEventListener('click', tapped, true);
    root.addEventListener('click', arrived, true);
    for (const type of ['keydown', 'keypress', 'keyup']) addEventListener(type, pressed as EventListener, true);
    for (const type of ['online', 'offline', 'pageshow', 'visibilitychange', 'resume'])
      addEventListener(type, noticed, true);
    view.clear();
  };

  /** The page took the chat away and put it back, which takes the focus too: what is on the screen starts anew. */
  const back = () => {
    draw();
    view.update([]);
    fit();
    if (isOpen && document.activeElement === document.body) view.focus();
    view.toEnd();
  };

  const keep = (event: Event) => event.stopPropagation();

  /** What comes to the chat, and what leaves the page for it, begins and ends with us: a page's modal would pull the focus back. */
  const guard = (event: FocusEvent) => {
    if (event.type === 'focusout' ? event.relatedTarget === host : event.target === host)
      event.stopImmediatePropagation();
  };

  /** A click that such a modal keeps from us is made once more, where the page can't see it. */
  const tapped = (event: MouseEvent) => {
    if (event.target !== host || !event.isTrusted) return;
    const [button] = event.composedPath();
    swallowed = true;
    setTimeout(() => swallowed && button!.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })));
  };
  const arrived = () => (swallowed = false);
  let swallowed = false;

  const noticed = ({ type }: Event) => {
    const suspect = /online|show/.test(type);
    if (type === 'offline') view.update([]);
    else if (suspect || document.visibilityState === 'visible') chat.wake(suspect);
    look();
  };

  const toggle = (open: boolean) => {
    if (open === isOpen) return;
    isOpen = open;
    panel.hidden = !open;
    host.toggleAttribute('open', open);
    launcher.ariaExpanded = `${open}`;
    if (open) {
      // There the browser itself keeps all keys and clicks from what stands outside.
      if (document.querySelector('dialog:modal'))
        console.warn('plainbill: the page’s modal <dialog> lets nobody use the chat before it is closed');
      chat.connect();
      view.update([]);
      view.focus();
    } else launcher.focus();
    fit();
    look();
    happened(open ? 'open' : 'close');
  };

  /** What is on the screen has been seen; what isn't is counted on the launcher. */
  const look = () => {
    if (isOpen && document.visibilityState === 'visible') chat.see();
    const { unread: count } = chat.now();
    if (count === badge) return;
    badge = count;
    launcher.dataset.unread = `${count || ''}`;
    const label = options.label ?? words.launcher;
    launcher.ariaLabel = count ? `${label}, ${words.unread(count)}` : label;
    outside.textContent = count ? words.unread(count) : '';
    happened('unread', count);
  };

  /** On a small screen the panel fills what the on-screen keyboard leaves. */
  const fit = () => {
    const { height, offsetTop } = visualViewport!;
    panel.style.setProperty('--height', `${height}px`);
    panel.style.setProperty('--top', `${offsetTop}px`);
    panel.ariaModal = `${fullScreen.matches}`;
  };

  /** Keys pressed in the chat are nobody else's: pages have shortcuts on plain letters, and can't see that this is a field. */
  const pressed = (event: KeyboardEvent) => {
    if (event.target !== host) return;
    const isDown = event.type === 'keydown';
    // Who closes the chat with a key lets that key go outside of it.
    if (isDown) ours = isOpen;
    if (ours) event.stopImmediatePropagation();
    // 229 is how a key that ends a word of an input method is told where nothing is composed any more.
    if (ours && isDown && !event.isComposing && event.keyCode !== 229) act(event);
  };
  let ours = false;

  const act = (event: KeyboardEvent) => {
    const { key, shiftKey } = event;
    if (key === 'Enter' && !shiftKey) view.enter(event);
    if (key === 'Escape' && !view.escape()) toggle(false);
    if (key === 'Tab' && fullScreen.matches) {
      const stops = [...panel.querySelectorAll<HTMLElement>('button,a,input,textarea,.log')].filter(
        (stop) => stop.offsetParent,
      );
      if (shiftKey) stops.reverse();
      if (root.activeElement !== stops.at(-1)) return;
      event.preventDefault();
      stops[0]!.focus();
    }
  };
  for (const event of ['resize', 'scroll']) visualViewport!.addEventListener(event, fit);
  fullScreen.onchange = fit;
  draw();
  setInterval(() => chat.tick(), TICK_MS);
  if (chat.now().remembers) chat.connect();

  const calls: Record<string, (...words: any[]) => void> = {
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(!isOpen),
    send: chat.say,
    identify: chat.identify,
    logout: chat.logout,
    back,
    on: (event, call) => ears.addEventListener(event, ({ detail }: any) => call(detail)),
  };
  return (name, ...rest) => calls[name as string]?.(...rest);
}
