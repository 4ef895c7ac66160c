import { open } from '../../../index.ts';
import { testConformance } from './suite.ts';

testConformance({
  open: (model) => open({ model, device: 'cpu', threads: 1 }),
  openWrong: () => open({ modle: 'tiny' } as object),
  urls: [/^local$/v],
});
