import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownCli } from '../../src/app/own-cli.ts'

let folder: string
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-cli-'))
	mkdirSync(join(folder, 'bin'))
	mkdirSync(join(folder, 'dist/app'), { recursive: true })
	mkdirSync(join(folder, 'app.asar/dist/app'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (path: string) => writeFileSync(join(folder, path), '#!/bin/sh\n', { mode: 0o755 })
const found = (built: string) => ownCli(join(folder, built, 'app'), { PATH: join(folder, 'bin') })

test('the program beside the app is called by the person’s Node, where both are there', async () => {
	expect(await found('dist')).toBeNull()
	put('dist/cli.mjs')
	expect(await found('dist')).toBeNull()
	put('bin/node')
	expect(await found('dist')).toEqual([join(folder, 'bin/node'), join(folder, 'dist/cli.mjs')])
})

test('out of the archive of a packed app no Node can start it', async () => {
	put('bin/node')
	put('app.asar/dist/cli.mjs')
	expect(await found('app.asar/dist')).toBeNull()
})
