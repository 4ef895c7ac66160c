/** Rules of this house that oxlint has no rule of its own for. */

interface Node {
  readonly type: string;
  readonly name?: string;
}

interface Construction extends Node {
  readonly callee: Node;
}

interface RuleContext {
  report(finding: { readonly node: Node; readonly message: string }): void;
}

type Visitor = Readonly<Record<string, (node: Construction) => void>>;

interface Rule {
  create(context: RuleContext): Visitor;
}

interface Plugin {
  readonly meta: { readonly name: string };
  readonly rules: Readonly<Record<string, Rule>>;
}

/** Callers branch on `code`, so an error without one can't leave a floor. */
const typedErrors: Rule = {
  create(context) {
    const refuseBareError = (node: Construction): void => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Error') return;
      context.report({ node, message: "Expected one of the floor's typed errors (errors.ts), got a bare Error." });
    };
    return { NewExpression: refuseBareError, CallExpression: refuseBareError };
  },
};

const house: Plugin = { meta: { name: 'house' }, rules: { 'typed-errors': typedErrors } };
export default house;
