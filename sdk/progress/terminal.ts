import { SingleBar } from 'cli-progress';
import type { MapProgress } from '../contract.ts';
import type { Display } from './reporter.ts';

type Output = NodeJS.WriteStream;

const BAR_INTERVAL = 100;
const LINE_INTERVAL = 5_000;
/** Characters of the bar. */
const WIDTH = 24;

interface Payload {
  readonly text?: string;
  readonly share?: boolean;
}

/** Progress in words. */
export type Describe = (progress: MapProgress) => string;

/** A bar where the stream is a terminal that can redraw it, and lines anywhere else. */
export function terminalDisplay(stream: Output = process.stderr, words: Describe = describe): Display {
  return stream.isTTY ? bar(stream, words) : lines(stream, words);
}

function bar(stream: Output, words: Describe): Display {
  const view = new SingleBar({
    stream,
    // What Ctrl-C ends puts nothing back, so the terminal's own state is left as it is.
    hideCursor: false,
    linewrap: true,
    barsize: WIDTH,
    format: (_options, { progress }, { text = '', share = true }: Payload) => {
      // Without a total nobody knows which share is done.
      if (!share) return text;
      const filled = Math.round(progress * WIDTH);
      return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${text}`;
    },
  });
  let started = false;
  const show = (progress: MapProgress): void => {
    const settled = progress.done + progress.failed;
    const total = Math.max(progress.total ?? settled, 1);
    const payload: Payload = { text: words(progress), share: progress.total !== undefined };
    if (!started) view.start(total, settled, payload);
    started = true;
    view.setTotal(total);
    view.update(settled, payload);
  };
  return {
    interval: BAR_INTERVAL,
    update: show,
    finish(progress) {
      show(progress);
      view.stop();
    },
  };
}

function lines(stream: Pick<Output, 'write'>, words: Describe): Display {
  const show = (progress: MapProgress): void => {
    stream.write(`${words(progress)}\n`);
  };
  return { interval: LINE_INTERVAL, update: show, finish: show };
}

/** Such as `1,024/5,000 done, 2 failed, 512 retried, 64 sent again, 16 hedged, 812/s, 5s left, 2 nodes`. */
export function describe({
  done,
  failed,
  retried,
  resent,
  hedged,
  total,
  rate,
  etaSeconds,
  nodes,
}: MapProgress): string {
  const parts = [`${count(done)}${total === undefined ? '' : `/${count(total)}`} done`];
  if (failed > 0) parts.push(`${count(failed)} failed`);
  if (retried > 0) parts.push(`${count(retried)} retried`);
  if (resent > 0) parts.push(`${count(resent)} sent again`);
  if (hedged > 0) parts.push(`${count(hedged)} hedged`);
  parts.push(perSecond(rate));
  if (etaSeconds !== undefined && etaSeconds > 0) parts.push(`${duration(etaSeconds)} left`);
  if (nodes.length > 0) parts.push(nodes.length === 1 ? '1 node' : `${nodes.length} nodes`);
  return parts.join(', ');
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

export function perSecond(rate: number): string {
  return `${rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1)}/s`;
}

export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}
