// A style sheet that is imported is its text, minified.
declare module '*.css' {
  const text: string;
  export default text;
}
