import { describe, expect, test } from 'vitest'
import { mayCarry } from '../../../src/engine/link/bridge.ts'

describe('what the bridge carries for git', () => {
	test.each([
		["git-upload-pack '~/hub.git'", true],
		["git-receive-pack '/a b/it'\\''s'", true],
		["git-upload-pack 'wow'\\!''", true],
		["git-upload-pack ''", true],
		["git-upload-pack 'a\nb'", true],
		['git-upload-pack hub', false],
		["git-upload-pack 'a'; rm -rf ~", false],
		["git-upload-pack 'a'$(id)''", false],
		["git-upload-pack 'a' 'b'", false],
		["git-upload-archive 'a'", false],
		["sh -c 'git-upload-pack'", false],
		["rsync --server . 'x'", false],
		['', false],
	])('%j: %s', (command, expected) => {
		expect(mayCarry(command, 'git')).toBe(expected)
	})
})

describe('what the bridge carries for rsync', () => {
	test.each([
		['rsync --server -logDtpre.iLsfxCIvu . x', true],
		['rsync --server --sender -vlogDtpre.iLsfxCIvu . ~/a\\ b\\;c\\`d\\$e/*', true],
		['rsync --server . a;b', false],
		['rsync --server . $(id)', false],
		['rsync --server . `id`', false],
		['rsync --server . a\nb', false],
		['rsync --server . a\\\nb', false],
		['rsync --server . a > b', false],
		['rsync --server --daemon .', false],
		['rsync --daemon', false],
		['rsyncx --server', false],
		["git-upload-pack 'a'", false],
	])('%j: %s', (command, expected) => {
		expect(mayCarry(command, 'rsync')).toBe(expected)
	})
})
