// What is being given to the customer of the open conversation: first what they'd read, then the yes.
import { computed, signal } from '@preact/signals';
import type { GoodwillAnswer, GoodwillOffer } from '../protocol';
import { api, messageOf, Refusal } from './api';
import { newKey } from './key';
import { isMine, open, openRow, reload } from './open';
import { tell } from './state';
import { words } from './words';

/** What the fields hold; `what` is the number of the bill whose late fee comes off, or nothing for an amount. */
export type Fields = { what: string; amount: string; reason: string };
type Giving = {
  id: string;
  offer?: GoodwillOffer;
  fields: Fields;
  asks?: GoodwillAnswer;
  busy: boolean;
  fault?: string;
};

export const giving = signal<Giving | undefined>(undefined);
export const mayGive = computed(() => isMine.value && openRow.value?.customer !== undefined);

/**
 * The last attempt: the same gift goes out under the same key, so that a lost answer doubles nothing. Once nobody knows
 * whether it was done, a changed gift has that key too: what stands under it already is shown and completed.
 */
let attempt: { id: string; gift: string; key: string; isOpen?: boolean } | undefined;

const EMPTY: Fields = { what: '', amount: '', reason: '' };

export async function startGiving() {
  const id = open.peek()?.id;
  if (!id || giving.peek()?.id === id) return;
  giving.value = { id, fields: EMPTY, busy: true };
  try {
    const offer = await api.goodwill(id);
    change(id, { offer, busy: false, fields: { ...EMPTY, what: offer.late_fees[0]?.invoice ?? '' } });
  } catch (thrown) {
    change(id, { busy: false, fault: messageOf(thrown) });
  }
}

/** What was being given, and on whose word, goes with the person. */
export function forgetGiving() {
  stopGiving();
  attempt = undefined;
}

export const stopGiving = () => void (giving.value = undefined);

export function fill(fields: Partial<Fields>) {
  const now = giving.peek();
  if (now) giving.value = { ...now, fields: { ...now.fields, ...fields }, fault: undefined };
}

export function changeSomething() {
  const now = giving.peek();
  if (now) giving.value = { ...now, asks: undefined, fault: undefined };
}

/** Asks what would be done; once that is shown, has it done. */
export async function give(sure: boolean) {
  const now = giving.peek();
  if (!now?.offer || now.busy) return;
  const { id, fields } = now;
  const missing = !fields.reason.trim()
    ? fields.what || fields.amount.trim()
      ? words.giveReasonMissing
      : words.giveMissing
    : !fields.what && !fields.amount.trim()
      ? words.giveMissing
      : undefined;
  if (missing) return change(id, { fault: missing });
  const gift = JSON.stringify(fields);
  if (attempt?.id !== id || (attempt.gift !== gift && !attempt.isOpen)) attempt = { id, gift, key: newKey() };
  change(id, { busy: true, fault: undefined });
  const what = fields.what ? { late_fee: fields.what } : { amount: fields.amount.trim() };
  try {
    const answer = await api.give(id, { key: attempt.key, ...what, reason: fields.reason, sure });
    if (!sure) return change(id, { busy: false, asks: answer });
    attempt = undefined;
    if (giving.peek()?.id === id) giving.value = undefined;
    tell(answer.state === 'done' ? words.given : words.giveWaits);
    if (open.peek()?.id === id) void reload();
  } catch (thrown) {
    if (sure && attempt) attempt.isOpen = !(thrown instanceof Refusal && thrown.status < 500);
    change(id, { busy: false, fault: messageOf(thrown) });
  }
}

function change(id: string, to: Partial<Giving>) {
  const now = giving.peek();
  if (now?.id === id) giving.value = { ...now, ...to };
}
