// What the whole console shares: who is signed in, where we are, the link, and what is shown and said.
import { computed, signal } from '@preact/signals';
import type { ConversationRow, StaffMember } from '../protocol';
import { messageOf } from './api';
import { href, type ListName, parse, type Route } from './routes';
import type { Link } from './socket';
import { plainly } from './transcript';
import { words } from './words';

const NOTICE_MS = 6_000;

/** Undefined until we know, null when nobody is signed in. */
export const me = signal<StaffMember | null | undefined>(undefined);
export const route = signal<Route>(parse(location.hash));
/** The list that stands beside a conversation, and to which "back" goes. */
export const list = signal<ListName>('waiting');
export const link = signal<Link>('off');
export const browserOnline = signal(navigator.onLine);
/** The time, once a second, for what ticks. */
export const now = signal(Date.now());

export const notice = signal<{ text: string; fault: boolean } | undefined>(undefined);
/** What a screen reader is to say next. */
export const spoken = signal('');

export const myId = computed(() => me.value?.id ?? '');
export const mayAnswer = computed(() => me.value?.role === 'answers' || me.value?.role === 'manages');
export const mayManage = computed(() => me.value?.role === 'manages');
/** What happens on the server is heard of here at once. */
export const isLive = computed(() => link.value === 'up' && browserOnline.value);

export const nameOf = (row: ConversationRow | undefined) => plainly(row?.customer ?? '') || words.visitor;

export function go(to: Route) {
  if (location.hash !== href(to)) location.hash = href(to);
}

/** Has a screen reader say it once, after what it is saying now. */
export function announce(text: string) {
  spoken.value = spoken.peek() === text ? `${text}\u00a0` : text;
}

let noticeGone: ReturnType<typeof setTimeout> | undefined;

/** Shows a line for some seconds and says it aloud. */
export function tell(text: string, fault = false) {
  clearTimeout(noticeGone);
  notice.value = { text, fault };
  announce(text);
  noticeGone = setTimeout(() => (notice.value = undefined), fault ? 2 * NOTICE_MS : NOTICE_MS);
}

/** Shows why something didn't work. */
export const tellFault = (thrown: unknown) => tell(messageOf(thrown), true);

export function hideNotice() {
  clearTimeout(noticeGone);
  notice.value = undefined;
}
