import { PbfWriter } from 'pbf';
import type { Node } from './contract.ts';
import { attributeField, graphField, nodeField } from './fields.ts';
import { fieldsOf, textOf, writeText } from './message.ts';

/** The node with its inputs and outputs, and its own name, renamed, in the graphs of its attributes too (the branches of If, the body of Loop). */
export function renameValues(node: Node, names: ReadonlyMap<string, string>): Node {
  const renamed = (list: readonly string[]): string[] => list.map((name) => names.get(name) ?? name);
  return {
    ...node,
    name: names.get(node.name) ?? node.name,
    inputs: renamed(node.inputs),
    outputs: renamed(node.outputs),
    ...(node.encoded && { encoded: renameInNode(node.encoded, names) }),
  };
}

function renameInNode(node: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return rewrite(node, (field, writer) => {
    if (field.number === nodeField.input || field.number === nodeField.output || field.number === nodeField.name) {
      const name = names.get(textOf(field));
      if (name === undefined) return false;
      writeText(writer, field.number, name);
      return true;
    }
    return (
      field.number === nodeField.attribute && replaceMessage(field, writer, (bytes) => renameInAttribute(bytes, names))
    );
  });
}

const renameInAttribute = (attribute: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array =>
  rewrite(
    attribute,
    (field, writer) =>
      (field.number === attributeField.graph || field.number === attributeField.graphs) &&
      replaceMessage(field, writer, (bytes) => renameInGraph(bytes, names)),
  );

const renameInGraph = (graph: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array =>
  rewrite(
    graph,
    (field, writer) =>
      field.number === graphField.node && replaceMessage(field, writer, (bytes) => renameInNode(bytes, names)),
  );

type Field = ReturnType<typeof fieldsOf>[number];

function replaceMessage(field: Field, writer: PbfWriter, change: (bytes: Uint8Array) => Uint8Array): boolean {
  const changed = change(field.bytes);
  if (changed === field.bytes) return false;
  writer.writeBytesField(field.number, changed);
  return true;
}

/** The message itself where `replace` writes nothing; else a copy in which the fields it left are as they were. */
function rewrite(message: Uint8Array, replace: (field: Field, writer: PbfWriter) => boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  let changed = false;
  for (const field of fieldsOf(message)) {
    const writer = new PbfWriter();
    const isReplaced = replace(field, writer);
    changed ||= isReplaced;
    parts.push(isReplaced ? writer.finish() : field.encoded);
  }
  return changed ? Buffer.concat(parts) : message;
}
