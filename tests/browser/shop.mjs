// Somebody else's shop: pages on an origin of their own that embed the chat with the one-line tag.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves `pages` (path to { html, headers } or text of a style sheet) on this port. */
export async function openShop(port, pages) {
  const asked = [];
  const shop = createServer((request, response) => {
    asked.push(request.url);
    const page = pages[request.url.split('?')[0]];
    if (!page) return response.writeHead(404).end();
    const { html, css, headers = {} } = page;
    response.writeHead(200, { 'Content-Type': css ? 'text/css' : 'text/html; charset=utf-8', ...headers }).end(css ?? html);
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
export const pageWith = (server, { attributes = '', html = 'lang="en"', head = '' } = {}) =>
  `<!doctype html><html ${html}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<title>Shop</title>${head}<script async src="${server.url}/w.js" ${attributes}></script></head><body><main><h1>Shop</h1><p>Our <a href="/">bills</a>.</p></main></body></html>`;
