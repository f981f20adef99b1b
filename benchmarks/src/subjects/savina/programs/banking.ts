/**
 * Transfers between a thousand accounts: the source's turn lasts until the destination has answered. The destination
 * always has a higher number, so the waits have no cycle.
 */
import { mustEqual } from '../../entries.ts';
import { nextSeed, type Program, type Role, sendMany } from '../program.ts';

const accounts = 1_000;
/** The sources are the first four fifths, as in Savina. */
const sources = 800;
const firstBalance = 1_000_000;

interface AccountState {
  balance: number;
}

const account: Role = {
  name: 'account',
  state: (): AccountState => ({ balance: firstBalance }),
  methods: {
    async transfer(world, state: AccountState, to, amount) {
      state.balance -= amount;
      await world.ask(account, to, 'credit', amount);
      world.send(teller, 0, 'completed');
    },
    credit(_, state: AccountState, amount) {
      state.balance += amount;
      return state.balance;
    },
    report(world, state: AccountState) {
      world.send(teller, 0, 'add', state.balance);
    },
  },
};

interface TellerState {
  seed: number;
  left: number;
  reports: number;
  sum: number;
}

const teller: Role = {
  name: 'teller',
  state: (): TellerState => ({ seed: 1, left: 0, reports: 0, sum: 0 }),
  methods: {
    async start(world, state: TellerState, transfers) {
      state.left = transfers;
      await sendMany(transfers, () => {
        const fromSeed = nextSeed(state.seed);
        const toSeed = nextSeed(fromSeed);
        state.seed = toSeed;
        const from = (fromSeed >>> 8) % sources;
        const to = from + 1 + ((toSeed >>> 8) % (accounts - from - 1));
        return world.sendPaced(account, from, 'transfer', to, (toSeed >>> 24) + 1);
      });
    },
    completed(world, state: TellerState) {
      if (--state.left > 0) return;
      for (let key = 0; key < accounts; key++) world.send(account, key, 'report');
    },
    add(world, state: TellerState, balance) {
      state.sum += balance;
      if (++state.reports < accounts) return;
      world.done(state.sum);
      state.sum = 0;
      state.reports = 0;
    },
  },
};

export const banking: Program = {
  roles: [teller, account],
  async run(runtime, { messages }) {
    const transfers = Math.max(1, Math.floor(messages / 4));
    const result = runtime.result();
    runtime.send(teller, 0, 'start', transfers);
    mustEqual(await result, accounts * firstBalance, 'all money');
    // A transfer, a credit, its answer and the completion; then the reports.
    return transfers * 4 + accounts * 2;
  },
};
