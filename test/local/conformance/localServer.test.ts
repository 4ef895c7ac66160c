import { connect } from '../../../index.ts';
import { testConformance } from './suite.ts';

testConformance({
  open: (model) => connect({ model, device: 'cpu', startTimeout: 60_000 }),
  openWrong: () => connect({ modle: 'tiny' } as object),
  urls: [/^http:\/\/127\.0\.0\.1:\d+$/v],
});
