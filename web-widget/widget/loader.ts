// The one tag's script: draws the launcher and fetches the panel once the customer shows that they want it.
//
//   <script async src="https://help.example/w.js" data-identity-url="/my/chat-token"></script>
//
// Calls made before it arrives wait in `plainbill.q`. Its size is a budget, so it does nothing else.
import css from './launcher.css';

declare const PANEL_VERSION: string;

export type Call = (...words: unknown[]) => void;
type Stub = Call & { q?: unknown[][] };

const NAME = 'plainbill-chat';
/** How often that is looked at which pages change without telling. */
const LOOK_MS = 300;

/** What the page calls: of its own stubs the last that it declared, in whatever way. */
declare const plainbill: Stub;
const page = window as { plainbill?: Stub };
/** Modules have no current script: their tag is the last with our name, as the page may have another of that name. */
const script = (document.currentScript ?? [...document.querySelectorAll('script[type=module][src*="/w.js"]')].at(-1)) as
  | HTMLScriptElement
  | undefined;

function embed({ src, dataset }: HTMLScriptElement) {
  const queue: unknown[][] = [];
  const host = document.createElement(NAME);
  const root = host.attachShadow({ mode: 'open' });
  const launcher = document.createElement('button');
  const sheet = new CSSStyleSheet();
  let call: Call | undefined;
  let loading: Promise<void> | 0;
  /** Nothing at first; counts up from there. */
  let tries: any = '';
  /** The frame in which the page is looked at next: one, however often the launcher is taken away. */
  let frame = 0;

  /** From a tap until the panel is there, it is said to be on its way. */
  const busy = (is: boolean) => (launcher.ariaBusy = launcher.ariaExpanded = `${is}`);

  const load = () =>
    (loading ||= import(new URL(`panel.js?v=${PANEL_VERSION}${tries}`, src) as unknown as string).then(
      (panel) => {
        busy(false);
        call = panel.start(host, launcher, dataset, src);
        queue.splice(0).forEach((words) => call!(...words));
      },
      (fault) => {
        busy(false);
        loading = 0;
        tries++;
        console.warn('plainbill', script, fault);
      },
    ));

  const hear: Stub = (...words) => {
    if (call) return call(...words);
    queue.push(words);
    if (/open|toggle|send/.test(words[0] as string)) load();
  };
  /**
   * Looks after what the page may take away at any time. A stub that it runs again: what is declared with `var`, `function` or
   * `const` can't be guarded. And the launcher, which stands behind the body, whatever becomes of that: what moves the body would
   * move it, and keys reach the page first. A page that opens its document anew ends our listeners.
   */
  const look = () => {
    frame = 0;
    page.plainbill ||= hear;
    const q = plainbill.q;
    page.plainbill = hear;
    q?.splice(0).forEach((words) => hear(...words));
    // Apart from the body (1), or before it (2); where there is none, later.
    if (document.body?.compareDocumentPosition(host) & 3) {
      document.documentElement.append(host);
      launcher.onpointerenter = launcher.onfocus = load;
      launcher.onclick = tap;
      call?.('back');
    }
  };

  const tap = () => {
    if (call) call('toggle');
    else if (launcher.ariaBusy === 'false') {
      busy(true);
      hear('open');
    }
  };
  customElements.define(
    NAME,
    class extends HTMLElement {
      disconnectedCallback() {
        // Not at once: the page may take it away each time.
        frame ||= requestAnimationFrame(look);
      }
    },
  );

  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  launcher.className = 'launcher';
  launcher.ariaLabel = dataset.label || 'Chat with us';
  busy(false);
  root.append(launcher);
  look();
  setInterval(() => frame || look(), LOOK_MS);
  try {
    if (queue[0] || (dataset.persist === 'local' ? localStorage : sessionStorage).plainbill) load();
  } catch {}
}

if (!script?.src) console.error('plainbill: no <script src="/w.js">');
else if (!customElements.get(NAME)) embed(script);
