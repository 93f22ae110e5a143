// Public face of templates: texts with places for values, as `${secrets.getValue("name") | shell}`. Pure: nothing is read here.
//
//   const template = parseTemplate(text);                        // refuses what is malformed, with line and column
//   const names = indirectNames(template);                       // service variables whose values are names of secrets
//   const needs = needsOf(template, { variables, serviceVariables });  // what has to be read, each thing once
//   const bytes = renderTemplate(template, context, values);     // values by `needKey`; the text is UTF-8
//
// Whoever renders reads all needs in one call and decides where a secret is used; see `sallyport render`.
export { indirectNames, needKey, needsOf, renderTemplate } from './render-template.ts';
export type { LocatedNeed, TemplateContext, TemplateNeed } from './render-template.ts';
export { parseTemplate, templateError } from './parse-template.ts';
export type { Template, TemplatePart } from './parse-template.ts';
export { dotenvValue } from './dotenv-value.ts';
export { FILTERS } from './filters.ts';
export type { FilterName } from './filters.ts';
export type { Expression, Operand, Position } from './expression.ts';
export { yamlText } from './yaml-text.ts';
