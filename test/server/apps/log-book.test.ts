import test from 'ava';
import { LogBook } from '../../../server/apps/log-book.ts';

test('fields that are no JSON harm nobody: a handler may log anything', (t) => {
  const book = new LogBook(() => 1);
  const circle: Record<string, unknown> = { big: 1n };
  book.add('app', 1, { level: 'info', message: 'fine', fields: { ...circle } });
  circle['itself'] = circle;
  book.add('app', 1, { level: 'info', message: 'a circle', fields: circle });
  const { lines } = book.lines('app', { after: 0, limit: 10 });
  t.deepEqual(
    lines.map(({ message, fields }) => ({ message, fields })),
    [
      { message: 'fine', fields: { big: '1' } },
      { message: 'a circle', fields: { fields: 'unreadable' } },
    ],
  );
});
