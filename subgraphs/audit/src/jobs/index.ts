import { anchorChainJob } from './anchor-chain.ts'

export const jobs = [anchorChainJob]
