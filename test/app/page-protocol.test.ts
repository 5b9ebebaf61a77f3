import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageHandler } from '../../src/app/page-protocol.ts'

const folder = mkdtempSync(join(tmpdir(), 'hawser-page-'))
const page = join(folder, 'renderer')
const handle = pageHandler(page)
const get = (url: string, method = 'GET') => handle({ url, method })

beforeAll(() => {
	mkdirSync(join(page, 'assets'), { recursive: true })
	mkdirSync(join(folder, 'renderer-other'))
	writeFileSync(join(page, 'index.html'), '<!doctype html>')
	writeFileSync(join(page, 'assets/a b.js'), 'one')
	writeFileSync(join(page, 'assets/key'), 'no type')
	writeFileSync(join(folder, 'secret.json'), '{}')
	writeFileSync(join(folder, 'renderer-other/secret.json'), '{}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('serves the page with a strict policy', async () => {
	for (const path of ['/', '/index.html', '/index.html#run/1', '/?x=1']) {
		const response = await get(`hawser://app${path}`)
		expect(response.status).toBe(200)
		expect(await response.text()).toBe('<!doctype html>')
		expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
		expect(response.headers.get('content-security-policy')).toBe(
			"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		)
		expect(response.headers.get('x-content-type-options')).toBe('nosniff')
	}
	const script = await get('hawser://app/assets/a%20b.js')
	expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
	expect(await script.text()).toBe('one')
})

test.each([
	'hawser://app/../secret.json',
	'hawser://app/%2e%2e/secret.json',
	'hawser://app/..%2fsecret.json',
	'hawser://app/assets/..%2f..%2fsecret.json',
	'hawser://app/..%2frenderer-other%2fsecret.json',
	'hawser://app/..%5csecret.json',
	'hawser://app//secret.json',
	'hawser://app/%00index.html',
	'hawser://app/%zz',
	'hawser://app/assets',
	'hawser://app/assets/key',
	'hawser://app/none.js',
	'hawser://other/index.html',
	'file:///etc/passwd',
	'https://app/index.html',
	'not a url',
])('refuses %s', async (url) => {
	const response = await get(url)
	expect(response.status).toBe(404)
	expect(await response.text()).toBe('')
	expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('refuses anything but reading', async () => {
	expect((await get('hawser://app/', 'POST')).status).toBe(405)
})
