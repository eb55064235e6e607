/** The settings a process of this subgraph needs; imported before anything that reads them. */
export const matchKey = Buffer.alloc(32, 7)
export const webhookSecret = 'test-erx-secret'
Object.assign(process.env, {
  KEK: Buffer.alloc(32, 1).toString('base64'), MATCH_KEY: matchKey.toString('base64'), SIGNING_KEY: Buffer.alloc(32, 3).toString('base64'), ERX_WEBHOOK_SECRET: webhookSecret,
  // nobody listens there: tests of the network name a server of their own
  ERX_NETWORK_URL: 'http://127.0.0.1:9',
})
