import type { Check } from './check.ts'
import { disk } from './disk.ts'
import { gpu } from './gpu.ts'
import { network } from './network.ts'
import { hostKey, login, port } from './reach.ts'
import { tools } from './tools.ts'
import { zerotierChecks } from './zerotier.ts'

/** The ladder from this laptop to the GPU, from the bottom up. */
export const checks: readonly Check[] = [network, ...zerotierChecks, port, hostKey, login, tools, gpu, disk]
