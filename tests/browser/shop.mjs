// Somebody else's shop: pages on an origin of their own that embed the chat with the one-line tag.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves `pages` on this port: path to { html, headers }, to the text of a style sheet or script, or to what answers by itself. */
export async function openShop(port, pages) {
  const asked = [];
  const shop = createServer((request, response) => {
    asked.push(request.url);
    const page = pages[request.url.split('?')[0]];
    if (!page) return response.writeHead(404).end();
    if (typeof page === 'function') return page(response);
    const { html, css, script, headers = {} } = page;
    const type = css ? 'text/css' : script ? 'text/javascript' : 'text/html; charset=utf-8';
    response.writeHead(200, { 'Content-Type': type, ...headers }).end(css ?? script ?? html);
  }).listen(port, '127.0.0.1');
  await once(shop, 'listening');
  return {
    url: `http://127.0.0.1:${shop.address().port}`,
    asked,
    close() {
      shop.closeAllConnections();
      shop.close();
    },
  };
}

/** A page with the tag in its head; `attributes` are the tag's. */
export const pageWith = (server, { attributes = '', html = 'lang="en"', head = '', tag = `<script async src="${server.url}/w.js" ${attributes}></script>` } = {}) =>
  `<!doctype html><html ${html}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<title>Shop</title>${head}${tag}</head><body><main><h1>Shop</h1><p>Our <a href="/">bills</a>.</p></main></body></html>`;
