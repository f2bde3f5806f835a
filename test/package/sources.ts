// The files of src as the house's test sees them: what each imports, which globals it uses, how it exports.
// Knows the syntax, none of the rules.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export type Import = { to: string; isTypeOnly: boolean; line: number }
export type Source = { path: string; text: string; tree: ts.SourceFile; imports: Import[] }

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../src')
export const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map(readSource)

/** The file of src that a relative import leads to. */
export function targetOf(path: string, specifier: string) {
  const bare = relative(root, resolve(root, dirname(path), specifier)).replaceAll('\\', '/')
  return `${bare.replace(/\.(ts|js)$/, '')}.ts`
}

/** Uses of the named globals as values: not as property names, not as types. */
export function globalsOf({ tree }: Source, names: ReadonlySet<string>) {
  const found: { name: string; line: number }[] = []
  walk(tree, (node) => {
    if (ts.isTypeNode(node)) return 'skip'
    const name = ts.isPropertyAccessExpression(node)
      ? node.getText().replace(/^(globalThis|window|self)\./, '')
      : ts.isIdentifier(node) && isReference(node)
        ? node.text
        : undefined
    if (name !== undefined && names.has(name)) found.push({ name, line: lineOf(node) })
    return undefined
  })
  return found
}

function isReference(node: ts.Identifier) {
  const { parent } = node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  return !('name' in parent && parent.name === node) && !('propertyName' in parent && parent.propertyName === node)
}

export function hasDefaultExport({ tree }: Source) {
  return tree.statements.some(
    (statement) =>
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) ||
      (ts.isExportDeclaration(statement) &&
        statement.exportClause !== undefined &&
        ts.isNamedExports(statement.exportClause) &&
        statement.exportClause.elements.some(({ name }) => name.text === 'default')),
  )
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, text, tree, imports: importsOf(tree) }
}

/** All imports and re-exports; `import { type X }` counts as run time, as it does for the compiler. */
function importsOf(tree: ts.SourceFile): Import[] {
  const imports: Import[] = []
  walk(tree, (node) => {
    const isTypeOnly =
      (ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(node) && node.isTypeOnly) ||
      ts.isImportTypeNode(node)
    const to = specifierOf(node)
    if (to !== undefined) imports.push({ to, isTypeOnly, line: lineOf(node) })
  })
  return imports
}

function specifierOf(node: ts.Node): string | undefined {
  const specifier =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
        ? node.argument.literal
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined
  return specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined
}

function walk(node: ts.Node, visit: (node: ts.Node) => unknown) {
  if (visit(node) !== 'skip') ts.forEachChild(node, (child) => walk(child, visit))
}

function lineOf(node: ts.Node) {
  return node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1
}
