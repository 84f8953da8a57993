import reactHooks from 'eslint-plugin-react-hooks';

/** @type {import('xo').FlatXoConfig} */
const config = [
	{ignores: ['dist', 'test/fixtures/tutorial']},
	{prettier: 'compat'},
	{
		plugins: {'react-hooks': reactHooks},
		rules: {
			'react-hooks/rules-of-hooks': 'error',
			'react-hooks/exhaustive-deps': 'error',
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				// The default is assertNever: a union that grew shows at run time too.
				{
					allowDefaultCaseForExhaustiveSwitch: true,
					considerDefaultExhaustiveForUnions: true,
				},
			],

			// Sockets speak Buffer; a Uint8Array would have to be wrapped again.
			'@typescript-eslint/no-restricted-types': 'off',
			// Environment variables, headers and frames have names of their own.
			'@typescript-eslint/naming-convention': 'off',
			'n/prefer-global/buffer': 'off',

			// Our doc comments are laid out as the style guide shows them, and say
			// only what the types don't.
			'jsdoc/require-asterisk-prefix': 'off',
			'jsdoc/require-param': 'off',
			'jsdoc/require-description': 'off',
			'jsdoc/check-param-names': 'off',
			'jsdoc/escape-inline-tags': 'off',
			'unicorn/single-line-block-comment-style': 'off',

			// Node 20 has no Promise.withResolvers, and the bin runs there too.
			'unicorn/prefer-promise-with-resolvers': 'off',
			// Prettier lays operators out; parentheses would only repeat it.
			'@stylistic/no-mixed-operators': 'off',
			// Text and terminal code names its characters by their numbers.
			'regexp/unicode-escape': 'off',
			'regexp/unicode-property': 'off',
			'regexp/sort-character-class-elements': 'off',
			'unicorn/prefer-unicode-code-point-escapes': 'off',
			'unicorn/prefer-string-raw': 'off',
			// Taste, where the rule's is not ours.
			'unicorn/max-nested-calls': 'off',
			'unicorn/consistent-class-member-order': 'off',
			'@typescript-eslint/no-empty-function': 'off',
			'unicorn/prefer-early-return': 'off',
			'unicorn/prefer-simple-condition-first': 'off',
			'unicorn/consistent-boolean-name': 'off',
			'unicorn/no-await-expression-member': 'off',
			'unicorn/prefer-ternary': 'off',
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
		files: ['test/**'],
		rules: {
			// test() gives a promise that the runner awaits.
			'@typescript-eslint/no-floating-promises': 'off',
			'node-test/prefer-test-context-assert': 'off',
			'node-test/no-conditional-assertion': 'off',
			'node-test/no-import-test-files': 'off',
			'node-test/no-compound-assertion': 'off',
			'node-test/require-assertion': 'off',
		},
	},
];

export default config;
