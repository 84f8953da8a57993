import reactHooks from 'eslint-plugin-react-hooks';

/** @type {import('xo').FlatXoConfig} */
const config = [
	{ignores: ['dist', 'test/fixtures/tutorial', '**/*.md']},
	{prettier: 'compat'},
	{
		plugins: {'react-hooks': reactHooks},
		rules: {
			'react-hooks/rules-of-hooks': 'error',
			'react-hooks/exhaustive-deps': 'error',
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				// The default case is assertNever, which also fails at run time.
				{
					allowDefaultCaseForExhaustiveSwitch: true,
					considerDefaultExhaustiveForUnions: true,
				},
			],

			// Sockets use Buffer; a Uint8Array would have to be wrapped again.
			'@typescript-eslint/no-restricted-types': 'off',
			// Environment variables, headers and frames have their own naming.
			'@typescript-eslint/naming-convention': 'off',
			'n/prefer-global/buffer': 'off',

			// Our doc comments have their own layout, and say only what the types
			// don't.
			'jsdoc/require-asterisk-prefix': 'off',
			'jsdoc/require-param': 'off',
			'jsdoc/require-description': 'off',
			'jsdoc/check-param-names': 'off',
			'jsdoc/escape-inline-tags': 'off',
			'unicorn/single-line-block-comment-style': 'off',

			// Node 20 has neither, and the bin runs there too.
			'unicorn/prefer-promise-with-resolvers': 'off',
			'unicorn/prefer-iterator-to-array': 'off',
			// Prettier formats operators; parentheses would only repeat it.
			'@stylistic/no-mixed-operators': 'off',
			// Text and terminal code names characters by their code points.
			'regexp/unicode-escape': 'off',
			'regexp/unicode-property': 'off',
			'regexp/sort-character-class-elements': 'off',
			'unicorn/prefer-unicode-code-point-escapes': 'off',
			'unicorn/prefer-string-raw': 'off',
			// Socket and terminal code needs bits and control bytes.
			'no-bitwise': 'off',
			'regexp/no-control-character': 'off',
			'regexp/no-dupe-characters-character-class': 'off',
			'no-misleading-character-class': 'off',
			'regexp/no-invisible-character': 'off',
			// Their input is bounded, and they are anchored at one end.
			'regexp/no-super-linear-move': 'off',
			// A matter of taste.
			'unicorn/no-declarations-before-early-exit': 'off',
			'unicorn/no-unsafe-string-replacement': 'off',
			'unicorn/prefer-includes-over-repeated-comparisons': 'off',
			'unicorn/prefer-event-target': 'off',
			'@typescript-eslint/class-literal-property-style': 'off',
			'jsdoc/require-yields': 'off',
			'jsdoc/informative-docs': 'off',
			'regexp/prefer-set-operation': 'off',
			'regexp/no-useless-non-capturing-group': 'off',
			'no-control-regex': 'off',
			'unicorn/max-nested-calls': 'off',
			'unicorn/consistent-class-member-order': 'off',
			'@typescript-eslint/no-empty-function': 'off',
			'unicorn/prefer-early-return': 'off',
			'unicorn/prefer-simple-condition-first': 'off',
			'unicorn/consistent-boolean-name': 'off',
			'unicorn/no-await-expression-member': 'off',
			'unicorn/prefer-ternary': 'off',
			'unicorn/prefer-object-iterable-methods': 'off',
			'unicorn/prefer-minimal-ternary': 'off',
			'unicorn/prefer-type-literal-last': 'off',
			'unicorn/prefer-code-point': 'off',
			'unicorn/prefer-single-call': 'off',
			'unicorn/no-break-in-nested-loop': 'off',
			'unicorn/no-array-callback-reference': 'off',
			'unicorn/no-duplicate-loops': 'off',
			'unicorn/no-unreadable-array-destructuring': 'off',
			'unicorn/consistent-conditional-object-spread': 'off',
			'regexp/prefer-named-capture-group': 'off',
			'require-unicode-regexp': 'off',
			'capitalized-comments': 'off',
			'@typescript-eslint/strict-boolean-expressions': 'off',
		},
	},
	{
		files: ['**/package.json'],
		rules: {
			// npm has no other way to fix a tool that wants an older compiler.
			'package-json/no-overrides-in-published-package': 'off',
			// require() of the package's folder by its path asks for main.
			'package-json/prefer-exports': 'off',
		},
	},
	{
		files: ['source/program/signals.ts'],
		rules: {
			// Only the bin may exit: signals end it.
			'unicorn/no-process-exit': 'off',
		},
	},
	{
		files: ['examples/**'],
		rules: {
			// One thing after the other.
			'no-await-in-loop': 'off',
		},
	},
	{
		files: ['test/**'],
		rules: {
			// test() returns a promise that the runner awaits.
			'@typescript-eslint/no-floating-promises': 'off',
			'node-test/prefer-test-context-assert': 'off',
			'node-test/no-conditional-assertion': 'off',
			'node-test/no-import-test-files': 'off',
			'node-test/no-compound-assertion': 'off',
			'node-test/require-assertion': 'off',
			'unicorn/prefer-structured-clone': 'off',
			'unicorn/prefer-array-from-async': 'off',
			'unicorn/numeric-separators-style': 'off',
			// User actions are sequential.
			'no-await-in-loop': 'off',
			'node-test/no-test-return-statement': 'off',
			'@typescript-eslint/strict-void-return': 'off',
			'unicorn/no-computed-property-existence-check': 'off',
			'@typescript-eslint/no-loop-func': 'off',
			'@typescript-eslint/consistent-type-assertions': 'off',
			'@typescript-eslint/no-confusing-void-expression': 'off',
			'unicorn/prefer-split-limit': 'off',
			'@eslint-community/eslint-comments/require-description': 'off',
		},
	},
	{
		files: ['benchmark/**'],
		rules: {
			// The tests' terminal helper is not a test.
			'node-test/no-import-test-files': 'off',
			// Measurements run one at a time.
			'no-await-in-loop': 'off',
			// A program that stops what it started when it exits.
			'unicorn/no-process-exit': 'off',
			'unicorn/no-top-level-side-effects': 'off',
			// A flag and its value stay on one line.
			'unicorn/no-useless-spread': 'off',
			'unicorn/prefer-split-limit': 'off',
		},
	},
];

export default config;
