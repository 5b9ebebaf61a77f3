export { type FaultProxy as DelayProxy, startFaultProxy as startDelayProxy } from './fault-proxy.ts'
