// Frames and events for the tests.
import type { ServerFrame, WireEvent } from '../protocol';

export type Frame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;

export const welcome = (changes: Partial<Frame<'welcome'>> = {}): Frame<'welcome'> => ({
  type: 'welcome',
  conversation: 'c1',
  seq: 0,
  at: Date.now(),
  reset: false,
  owner: 'bot',
  business: {
    name: 'Fernhill Fibre',
    greeting: 'Hello.',
    starters: [{ id: 'late_fee', label: 'What is this fee?' }],
    privacy: 'Kept for a year.',
  },
  hours: { open: true, text: 'Monday to Friday' },
  limits: { text_chars_max: 2000, heartbeat_ms: 20_000 },
  ...changes,
});

export const event = (seq: number, changes: Partial<WireEvent> = {}): Frame<'event'> => ({
  type: 'event',
  seq,
  at: 1_781_600_000_000 + seq,
  from: 'bot',
  kind: 'message',
  text: `Message ${seq}`,
  ...changes,
});

export const card = {
  title: 'June bill',
  rows: [
    { label: 'Standard', amount: '£30.00' },
    { label: 'Engineer visit', mark: 'New', detail: 'On 4 June', amount: '£12.00' },
  ],
  total: { label: 'Total', amount: '£42.00' },
  note: 'VAT is included.',
};
