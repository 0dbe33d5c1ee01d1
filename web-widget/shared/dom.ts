// Makes elements without markup strings, so that it works under any content security policy.

export type Child = Node | string | null | undefined | false;
type Tags = HTMLElementTagNameMap & Pick<SVGElementTagNameMap, 'svg' | 'path'>;
type Props = Record<string, string | boolean | null | undefined | ((event: any) => void)>;

/** An element with properties and children; `on…` properties are listeners, `true` is an empty attribute, nothing and `false` are none. */
export function h<K extends keyof Tags>(tag: K, props: Props = {}, ...children: Child[]): Tags[K] {
  const space = /svg|path/.test(tag) ? '2000/svg' : '1999/xhtml';
  const element = document.createElementNS(`http://www.w3.org/${space}`, tag) as Tags[K];
  for (const name in props) {
    const value = props[name];
    if (typeof value === 'function') (element as any)[name] = value;
    else if (value) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...(children.filter(Boolean) as Node[]));
  return element;
}

/** A line icon of 24 by 24, drawn in the text's color and hidden from screen readers. */
export const icon = (d: string) => h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d }));
