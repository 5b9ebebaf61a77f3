import { safeStorage } from 'electron'
import type { Keychain } from '../engine/keychain.ts'

/**
 * The system's keychain by way of Electron: the login keychain of macOS, libsecret or KWallet on Linux. A Linux
 * desktop without one of them makes Electron seal with a key that is in its source: that counts as none.
 */
export function safeKeychain(platform: NodeJS.Platform = process.platform): Keychain {
	const protects = () => {
		if (platform !== 'linux') return true
		const backend = safeStorage.getSelectedStorageBackend()
		return backend !== 'basic_text' && backend !== 'unknown'
	}
	const available = async () => protects() && (await safeStorage.isAsyncEncryptionAvailable())
	const seal = async (secret: string) => {
		if (!(await available())) throw new Error('there is no keychain')
		return (await safeStorage.encryptStringAsync(secret)).toString('base64')
	}
	return {
		available,
		seal,
		async open(sealed) {
			if (!(await available())) throw new Error('there is no keychain')
			const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'))
			// What was opened is good, whether or not it can be sealed anew.
			return { secret: result, renewed: shouldReEncrypt ? await seal(result).catch(() => null) : null }
		},
	}
}
