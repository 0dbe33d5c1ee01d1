// Starts the console in the page.
import '@preact/signals';
import { render } from 'preact';
import { App } from './app';
import { start } from './live';

start();
const place = document.getElementById('console');
if (place) render(<App />, place);
