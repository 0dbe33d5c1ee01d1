// The keys of the console: which command a key means, and whether single letters are on.
import { signal } from '@preact/signals';

const STORED_AS = 'plainbill.console.letters';
/** A "g" waits this long for its second letter. */
const CHORD_MS = 1500;

export type Command =
  | 'next'
  | 'previous'
  | 'take'
  | 'reply'
  | 'give'
  | 'back'
  | 'inbox'
  | 'questions'
  | 'suggestions'
  | 'keys';

const LETTERS: Record<string, Command> = {
  j: 'next',
  k: 'previous',
  a: 'take',
  r: 'reply',
  b: 'give',
  u: 'back',
  '?': 'keys',
};
const AFTER_G: Record<string, Command> = { i: 'inbox', q: 'questions', s: 'suggestions' };

export type Press = { key: string; at: number; ctrlKey: boolean; metaKey: boolean; altKey: boolean; writing: boolean };

/** Reads presses one by one; letters mean nothing while somebody writes or with a modifier. */
export class Keys {
  private chordUntil = 0;

  read(press: Press): Command | undefined {
    const inChord = press.at < this.chordUntil;
    this.chordUntil = 0;
    if (press.writing || press.ctrlKey || press.metaKey || press.altKey) return undefined;
    if (inChord) return AFTER_G[press.key];
    if (press.key === 'g') this.chordUntil = press.at + CHORD_MS;
    return LETTERS[press.key];
  }
}

/** Whether a press belongs to an input method that puts signs together; some of them say so by the number 229 only. */
export const isComposing = (event: { isComposing: boolean; keyCode: number }): boolean =>
  event.isComposing || event.keyCode === 229;

/** Whether a press there is part of a text or belongs to the control itself. */
export const isWriting = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;

/** Whether single letters are commands; kept on this device. */
export const lettersOn = signal(stored());

export function setLetters(on: boolean) {
  lettersOn.value = on;
  try {
    localStorage.setItem(STORED_AS, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

function stored(): boolean {
  try {
    return localStorage.getItem(STORED_AS) !== 'off';
  } catch {
    return true;
  }
}
