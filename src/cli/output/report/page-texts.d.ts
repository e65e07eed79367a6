// Files that the page carries as text: imported `with { type: "text" }`, which the compiler does not know.
declare module "*.css" {
  const text: string;
  export = text;
}
declare module "uplot/dist/uPlot.iife.min.js" {
  const text: string;
  export = text;
}
declare module "*/page.js" {
  const text: string;
  export = text;
}
