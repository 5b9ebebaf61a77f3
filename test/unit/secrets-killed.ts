import type { SecretName } from '../../src/engine/link/login.ts'
import { Secrets } from '../../src/engine/secrets.ts'
import { StandInKeychain } from './keychain.ts'

/** `secrets-killed.ts <data folder>`: keeps and forgets without end, until it is killed. Says when it began. */
const [dataFolder = ''] = process.argv.slice(2)
const secrets = await Secrets.open(dataFolder, new StandInKeychain())
const login = secrets.of('lab')
const nameOf = (file: number): SecretName => ({ kind: 'passphrase', file: `/key ${file}` })
await login.put(nameOf(0), 'secret 0', true)
console.log('begun')
for (let round = 1; ; round += 1) {
	await login.put(nameOf(round % 50), `secret ${round}`.repeat(200), true)
	if (round % 7 === 0) await login.forget(nameOf((round + 3) % 50))
	await login.put(nameOf(0), 'secret 0', true)
}
