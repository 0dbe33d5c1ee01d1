// Shows what the classifier guessed: each intent in words with its share as a bar and as a number.
import type { WireGuess } from '../protocol';
import { intentWords, percent, words } from './words';

/** A guess that would be shown as 0 % tells nobody anything; the first is what the bot went by. */
const isTold = ({ confidence }: WireGuess, place: number) => place === 0 || 0.005 <= confidence;

export const Guesses = ({ guesses }: { guesses: WireGuess[] }) =>
  guesses.length ? (
    <ul class="guesses" aria-label={words.guesses}>
      {guesses.filter(isTold).map(({ intent, confidence }) => (
        <li key={intent}>
          <span class="intent">{intentWords(intent)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ inlineSize: percent(confidence).replace(' ', '') }} />
          </span>
          <span class="share">{percent(confidence)}</span>
        </li>
      ))}
    </ul>
  ) : (
    <p class="hint">{words.noGuesses}</p>
  );
