// The one tag's script: draws the launcher and fetches the panel once the customer shows that they want it.
//
//   <script async src="https://help.example/w.js" data-identity-url="/my/chat-token"></script>
//
// Calls made before it arrives wait in `plainbill.q`. Its size is a budget, so it does nothing else.
import css from './launcher.css';

declare const PANEL_VERSION: string;

export type Call = (...words: unknown[]) => void;
type Stub = Call & { q?: unknown[][]; host?: HTMLElement };

const page = window as { plainbill?: Stub };
const script = document.currentScript as HTMLScriptElement;
const { src, dataset } = script;

function embed() {
  const queue = page.plainbill?.q ?? [];
  const host = document.createElement('plainbill-chat');
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
      () => {
        loading = 0;
        tries++;
      },
    ));

  const plainbill: Stub = (...words) => {
    if (call) return call(...words);
    queue.push(words);
    if (host.isConnected && /^(open|toggle|send)/.test(words[0] as string)) load();
  };
  plainbill.host = host;
  page.plainbill = plainbill;

  const boot = () => {
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    launcher.className = 'launcher';
    launcher.ariaLabel = dataset.label || 'Chat with us';
    launcher.ariaExpanded = 'false';
    launcher.onpointerenter = launcher.onfocus = load;
    launcher.onclick = () => plainbill(call ? 'toggle' : 'open');
    root.append(launcher);
    document.body.append(host);
    try {
      if (queue[0] || (dataset.persist == 'local' ? localStorage : sessionStorage).plainbill) load();
    } catch {}
  };
  if (document.body) boot();
  else addEventListener('DOMContentLoaded', boot);
}

if (!page.plainbill?.host) embed();
