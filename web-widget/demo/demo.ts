// The demo shop's page: who is signed in, their bills, and the chat that goes with them.
import type { WireCard } from '../protocol';
import { cardTable } from '../shared/card';
import { h } from '../shared/dom';

type Customer = { id: string; name: string; about: string };
type Customers = { customers: Customer[]; current: string };
type Account = { name: string; plan: string; balance: string; card: WireCard | null };

declare global {
  interface Window {
    plainbill?: ((...words: unknown[]) => void) & { q?: unknown[][] };
  }
}

/** The chat's calls wait in a queue until its script has arrived. */
function plainbill(...words: unknown[]) {
  window.plainbill ??= (...later) => {
    (window.plainbill!.q ??= []).push(later);
  };
  window.plainbill(...words);
}

/** The first customers of the list are the ones that most people want to see; the rest is folded. */
const CUSTOMERS_AT_FIRST = 10;

const find = (id: string) => document.getElementById(id)!;

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

async function showCustomers() {
  const { customers, current } = await get<Customers>('demo/customers');
  const signedIn = customers.find(({ id }) => id === current);
  find('current').textContent = signedIn?.name ?? 'nobody';
  find('about').textContent = signedIn ? signedIn.about.replace(/\.?$/, '.') : '';
  const chips = customers.map((customer) => h('li', {}, chip(customer, customer.id === current)));
  find('customers').replaceChildren(...chips.slice(0, CUSTOMERS_AT_FIRST));
  find('more-customers').replaceChildren(...chips.slice(CUSTOMERS_AT_FIRST));
  const rest = find('rest') as HTMLDetailsElement;
  rest.hidden = customers.length <= CUSTOMERS_AT_FIRST;
  rest.open ||= customers.slice(CUSTOMERS_AT_FIRST).some(({ id }) => id === current);
}

const chip = ({ id, name, about }: Customer, current: boolean) =>
  h(
    'button',
    { title: about, 'aria-pressed': String(current), 'data-customer': id, onclick: () => switchTo(id) },
    h('b', {}, name),
    h('small', {}, about),
  );

async function showAccount() {
  const { name, plan, balance, card } = await get<Account>('demo/account');
  find('hello').textContent = `Hello ${name.split(' ')[0]}. Here is what we’ve billed you for.`;
  find('balance').textContent = balance;
  find('plan-name').textContent = plan;
  find('bills').replaceChildren(card ? cardTable(card) : h('p', {}, 'No bills yet.'));
}

/** Signs in as somebody else: the old conversation leaves the screen before the new customer's may appear. */
async function switchTo(customer: string) {
  plainbill('logout');
  await fetch('demo/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ customer }),
  });
  plainbill('identify', (await get<{ token: string }>('demo/token')).token);
  await show();
  document.querySelector<HTMLElement>(`[data-customer="${CSS.escape(customer)}"]`)?.focus();
}

async function show() {
  try {
    await Promise.all([showCustomers(), showAccount()]);
  } catch {
    find('hello').textContent = 'We can’t show your bills just now. Please load the page again.';
  }
}

const payDialog = find('pay-dialog') as HTMLDialogElement;
find('pay').onclick = () => payDialog.showModal();
find('ask').onclick = () => plainbill('open');
void show();
