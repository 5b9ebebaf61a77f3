import { expect, test } from 'vitest'
import { holdsSecret, isNetworkAddress } from '../../../src/engine/git/hub-address.ts'

test.each([
	['https://github.com/Eon-Labs/nt.git', false],
	['git@github.com:Eon-Labs/nt.git', false],
	['ssh://git@github.com:22/Eon-Labs/nt.git', false],
	['ssh://git@[::1]:2222/nt', false],
	['https://terry@bitbucket.org/eon/nt.git', false],
	['https://terry:@example.com/nt.git', false],
	['https://first.last%40example.com@dev.azure.com/eon/_git/nt', false],
	['/srv/git/nt.git', false],
	['/srv/git/a:b@c/nt.git', false],
	['../nt.git', false],
	['C:/git/nt', false],
	['lab:nt', false],
	['https://example.com/a@b:c/nt.git', false],
	['https://terry:hunter2@github.com/Eon-Labs/nt.git', true],
	['HTTPS://terry:hunter2@github.com/Eon-Labs/nt.git', true],
	['https://terry%3Ahunter2@github.com/Eon-Labs/nt.git', true],
	['https://:hunter2@github.com/nt.git', true],
	['https://ter:ry@hunter2@github.com/nt.git', true],
	['ssh://terry:hunter2@example.com/nt', true],
	['https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@github.com/nt.git', true],
	['https://github_pat_11AAAA@github.com/nt.git', true],
	['https://glpat-abc@gitlab.com/nt.git', true],
	['https://oauth2@gitlab.com/nt.git', true],
	['https://x-access-token:abc@github.com/nt.git', true],
	['https://0123456789abcdef0123456789abcdef01234567@github.com/nt.git', true],
	['https://example.com/nt.git?private_token=abc', true],
	['https://example.com/nt.git?a=b&access_token=abc', true],
	['persistent-https://terry:hunter2@example.com/nt.git', true],
])('%s holds a secret: %s', (url, expected) => {
	expect(holdsSecret(url)).toBe(expected)
})

test.each([
	['https://github.com/Eon-Labs/nt.git', true],
	['git@github.com:Eon-Labs/nt.git', true],
	['lab:nt', true],
	['ssh://lab/nt', true],
	['/srv/git/nt.git', false],
	['file:///srv/git/nt.git', false],
	['FILE:///srv/git/nt.git', false],
	['../nt.git', false],
	['./a:b', false],
	['nt', false],
])('%s means the same everywhere: %s', (url, expected) => {
	expect(isNetworkAddress(url)).toBe(expected)
})
