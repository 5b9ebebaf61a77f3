// Every shell script of the product through shellcheck, as plain sh: `lib.sh` is put before each remote one.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const remote = 'src/engine/remote'
const lib = readFileSync(join(root, remote, 'lib.sh'), 'utf8')
const scripts = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
	.filter((name) => name.endsWith('.sh'))
	.map((name) => join('src', name))

let failed = false
for (const name of scripts) {
	const text = readFileSync(join(root, name), 'utf8')
	// SC2317: a function of `lib.sh` that this script does not call.
	const joined = name.startsWith(remote) && !name.endsWith('/lib.sh') ? `${lib}\n${text}` : text
	const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', '--exclude=SC2317', '-'], {
		input: joined,
		encoding: 'utf8',
	})
	if (status === 0) continue
	failed = true
	console.log(`${name}\n${stdout}`)
}
console.log(`${scripts.length} scripts checked`)
process.exit(failed ? 1 : 0)
