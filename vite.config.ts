import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the window: static files that the Electron shell and the web face serve alike, under a strict CSP. */
export default defineConfig({
	root: 'renderer',
	base: './',
	plugins: [react()],
	build: {
		outDir: '../dist/renderer',
		emptyOutDir: true,
		target: 'es2023',
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
})
