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

const page = window as { plainbill?: Stub };
/** Modules have no current script: their tag is the one with our name. */
const script = (document.currentScript ?? document.querySelector('script[src*="/w.js"]')) as HTMLScriptElement | null;

function embed({ src, dataset }: HTMLScriptElement) {
  const queue = page.plainbill?.q ?? [];
  const host = document.createElement(NAME);
  const root = host.attachShadow({ mode: 'open' });
  const launcher = document.createElement('button');
  const sheet = new CSSStyleSheet();
  let call: Call | undefined;
  let loading: Promise<void> | 0;
  let tries = 0;

  const load = () =>
    (loading ||= import(new URL(`panel.js?v=${PANEL_VERSION}${tries || ''}`, src).href).then(
      (panel) => {
        call = panel.start(host, launcher, dataset, src);
        queue.splice(0).forEach((words) => call!(...words));
      },
      (fault) => {
        loading = 0;
        tries++;
        console.warn('plainbill', fault);
      },
    ));

  const plainbill: Stub = (...words) => {
    if (call) return call(...words);
    queue.push(words);
    if (/^(open|toggle|send)/.test(words[0] as string)) load();
  };
  page.plainbill = plainbill;

  /** Stands on the page as long as the page does, whatever becomes of its body. Not at once: the page may take it away each time. */
  const stand = () => {
    if (!document.body) requestAnimationFrame(stand);
    else if (!host.isConnected) {
      // Pages that keep a copy of themselves have an empty one of ours in it.
      document.querySelector(NAME)?.remove();
      document.body.append(host);
      call?.('back');
    }
  };
  customElements.define(
    NAME,
    class extends HTMLElement {
      disconnectedCallback() {
        requestAnimationFrame(stand);
      }
    },
  );

  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  launcher.className = 'launcher';
  launcher.ariaLabel = dataset.label || 'Chat with us';
  launcher.ariaExpanded = 'false';
  launcher.onpointerenter = launcher.onfocus = load;
  launcher.onclick = () => plainbill(call ? 'toggle' : 'open');
  root.append(launcher);
  if (document.body) stand();
  else addEventListener('DOMContentLoaded', stand);
  try {
    if (queue[0] || (dataset.persist == 'local' ? localStorage : sessionStorage).plainbill) load();
  } catch {}
}

if (!script?.src) console.error('plainbill: no <script src="…/w.js">');
else if (!customElements.get(NAME)) embed(script);
