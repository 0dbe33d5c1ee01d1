// Shows plain text: paragraphs, lists of lines that begin with "- ", and addresses that can be followed.
import { h } from './dom';

/**
 * Whether there is nothing to read in a text: no letter, digit, mark of punctuation, symbol or emoji (newer ones than the
 * browser knows too), or only such as nobody sees. Half a pair (`Cs`) shows as a symbol.
 */
export const isBlank = (text: string) => !/(?![\p{DI}\u2800\ufffc])[\p{L}\p{N}\p{P}\p{S}\p{ExtPict}\p{Cs}]/u.test(text);

/** A text as it is counted and sent: without space around it, and without the places where pictures stood in what was pasted. */
export const tidy = (text: string) => text.replaceAll('\ufffc', '').trim();

/** A web address, without the punctuation that ends a sentence. */
const ADDRESS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]'’])/;

/** Cuts a text into words (even places) and the web addresses in it (odd places). */
export const pieces = (text: string): string[] => text.split(ADDRESS);

/** The text with its line breaks as paragraphs and list items. */
export function rich(text: string): DocumentFragment {
  const result = document.createDocumentFragment();
  for (const line of text.split('\n')) {
    if (line.startsWith('- ')) {
      if (result.lastElementChild?.tagName !== 'UL') result.append(h('ul'));
      result.lastElementChild!.append(h('li', {}, ...linked(line.slice(2))));
    } else if (line.trim()) result.append(h('p', {}, ...linked(line)));
  }
  return result;
}

const linked = (text: string) => pieces(text).map((piece, index) => (index % 2 ? link(piece) : piece));

/** Only what the browser itself reads as an address becomes a link. Of ours to billing's pages only the host is worth reading. */
function link(href: string) {
  const anchor = h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, href.replace(/\/go\/.*/, ''));
  return anchor.host ? anchor : href;
}
