// The store as an HTTP service. Each request is one transaction, one job or one read on the grid; the handlers hold
// no state, so nothing needs saving when the service stops.
//
//   POST /purchases                        { customerId, trackIds } → 201 with the receipt
//   GET  /customers/:id/library
//   GET  /customers/:id/recommendations    ?top=
//   GET  /trends                           ?by=genre|artist &top=
//   GET  /health
//
// An error is answered with { error: { code, message } } and the status that its code stands for.
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { Grid } from 'troupe';
import * as store from './definitions.ts';
import { topSellers } from './phases/trends.ts';
import { codeOf, StoreError } from './store-error.ts';

const id = { type: 'integer', minimum: 1 } as const;
const top = { type: 'integer', minimum: 1, maximum: 100, default: 10 } as const;
const trackIds = { type: 'array', items: id, minItems: 1, maxItems: 100, uniqueItems: true } as const;

const purchaseSchema = {
  body: { type: 'object', required: ['customerId', 'trackIds'], properties: { customerId: id, trackIds } },
} as const;
const customerSchema = { params: { type: 'object', properties: { id } } } as const;
const recommendationsSchema = {
  ...customerSchema,
  querystring: { type: 'object', properties: { top } },
} as const;
const trendsSchema = {
  querystring: {
    type: 'object',
    properties: { by: { type: 'string', enum: ['genre', 'artist'], default: 'genre' }, top },
  },
} as const;

/** The service, not listening yet. */
export function createService(grid: Grid): FastifyInstance {
  const app = fastify({ forceCloseConnections: 'idle' });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = statusOf(error);
    const message = status === 500 ? 'something went wrong' : error.message;
    return reply.code(status).send({ error: { code: codeOf(error) ?? 'INTERNAL', message } });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: { code: 'NOT_FOUND', message: `no ${request.method} ${request.url}` } }),
  );
  addPurchases(app, grid);
  addCustomers(app, grid);
  app.get<{ Querystring: { by: 'genre' | 'artist'; top: number } }>(
    '/trends',
    { schema: trendsSchema },
    async ({ query }) => ({
      by: query.by,
      top: await topSellers(grid, query.by, query.top),
    }),
  );
  app.get('/health', async () => ({ status: 'ok', customers: await grid.table(store.customers).size() }));
  return app;
}

function addPurchases(app: FastifyInstance, grid: Grid): void {
  interface Body {
    readonly customerId: number;
    readonly trackIds: number[];
  }
  app.post<{ Body: Body }>('/purchases', { schema: purchaseSchema }, async ({ body }, reply) => {
    const items = await findTracks(grid, body.trackIds);
    const invoiceId = await grid.table(store.sequences).increment('invoice');
    const order = {
      invoiceId,
      customerId: body.customerId,
      at: Date.now(),
      items,
      payment: 'accepted' as const,
    };
    const { totalCents } = await grid.run(store.purchase, order);
    return reply.code(201).send({ invoiceId, totalCents });
  });
}

function addCustomers(app: FastifyInstance, grid: Grid): void {
  app.get<{ Params: { id: number } }>(
    '/customers/:id/library',
    { schema: customerSchema },
    async ({ params }) => {
      await mustBeCustomer(grid, params.id);
      const library = (await grid.table(store.libraries).get(params.id)) ?? [];
      const rows = await grid
        .table(store.tracks)
        .getMany(library.map(({ artistId, trackId }) => [artistId, trackId]));
      const owned = library.map(({ trackId }, index) => ({ trackId, name: rows[index]?.name }));
      return { customerId: params.id, tracks: owned };
    },
  );
  app.get<{ Params: { id: number }; Querystring: { top: number } }>(
    '/customers/:id/recommendations',
    { schema: recommendationsSchema },
    async ({ params, query }) => {
      await mustBeCustomer(grid, params.id);
      const args = { customerId: params.id, top: query.top };
      const found = await grid.compute.run(store.recommend, args, { at: store.libraries.key(params.id) });
      return { customerId: params.id, tracks: found };
    },
  );
}

async function findTracks(grid: Grid, wanted: readonly number[]): Promise<store.OrderItem[]> {
  const places = await grid.table(store.trackPlaces).getMany([...wanted]);
  return wanted.map((trackId, index) => {
    const place = places[index];
    if (place === undefined) throw new StoreError('UNKNOWN_TRACK', `no track ${trackId}`);
    return { trackId, quantity: 1, ...place };
  });
}

async function mustBeCustomer(grid: Grid, customerId: number): Promise<void> {
  if (await grid.table(store.customers).has(customerId)) return;
  throw new StoreError('UNKNOWN_CUSTOMER', `no customer ${customerId}`);
}

const statusByCode: ReadonlyMap<string | undefined, number> = new Map([
  ['INSUFFICIENT_FUNDS', 402],
  ['PAYMENT_DECLINED', 402],
  ['UNKNOWN_CUSTOMER', 404],
  ['UNKNOWN_TRACK', 404],
  ['DUPLICATE_INVOICE', 409],
  ['MAILBOX_FULL', 503],
  ['QUEUE_FULL', 503],
  ['LINK_OVERLOADED', 503],
]);

/** By the code of a store's or a grid's error; Fastify's own errors, such as bad input, carry their status. */
function statusOf(error: FastifyError): number {
  const status = statusByCode.get(codeOf(error));
  if (status !== undefined) return status;
  if ('retryable' in error && error.retryable === true) return 503;
  return error.statusCode ?? 500;
}
