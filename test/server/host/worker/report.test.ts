import test from 'ava';
import type { Channel } from '../../../../server/host/worker/channel.ts';
import { Report } from '../../../../server/host/worker/report.ts';
import type { FromWorker, Results } from '../../../../server/host/messages.ts';

/** A report of a piece whose inputs are the first of their batch, and what it sends. */
function openReport(count: number): { readonly report: Report; readonly sent: Results[] } {
  const sent: Results[] = [];
  const channel: Channel = {
    full: false,
    send: (message: FromWorker) => void (message.type === 'results' && sent.push(message.results)),
  };
  const piece = { id: 7, indices: Array.from({ length: count }, (_, position) => position) };
  return { report: new Report(channel, piece, { prompt: false }), sent };
}

test('the last outputs of a piece say that it is done, so that nobody who has them finds it running', (t) => {
  const { report, sent } = openReport(3);
  for (const position of [0, 1, 2]) report.value(position, position);
  t.deepEqual(sent, [{ piece: 7, outputs: { position: 0, count: 3 }, failures: [], done: true }]);
});

test('where the last input fails, that message says so, and only that', (t) => {
  const { report, sent } = openReport(3);
  report.value(0, 'a');
  report.value(2, 'c');
  report.failure(1, new RangeError('b'));
  t.deepEqual(
    sent.map(({ outputs, failures, done }) => [outputs, failures.length, done]),
    [
      [{ position: 0, count: 1 }, 0, false],
      [{ position: 2, count: 1 }, 0, false],
      [undefined, 1, true],
    ],
  );
});

test('an output that can not travel fails alone, wherever it stands, and the piece is done once', (t) => {
  for (const bad of [0, 1, 2]) {
    const { report, sent } = openReport(3);
    for (const position of [0, 1, 2]) report.value(position, position === bad ? () => {} : position);
    t.is(sent.flatMap(({ failures }) => failures).length, 1);
    t.deepEqual(
      sent.map(({ done }) => done),
      sent.map((_, at) => at === sent.length - 1),
    );
  }
});
