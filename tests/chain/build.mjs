// Gathers the contracts that the tests deploy as small files of creation code and link references, in FOLDER/artifacts:
// those that their packages ship compiled, and those compiled here (Aave 3.6 and our own token and feed).
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

const [folder, own] = process.argv.slice(2);
const modules = join(folder, 'node_modules');
const require = createRequire(join(folder, 'package.json'));

function write(set, name, bytecode, linkReferences) {
  mkdirSync(join(folder, 'artifacts', set), { recursive: true });
  const code = bytecode.startsWith('0x') ? bytecode : `0x${bytecode}`;
  writeFileSync(join(folder, 'artifacts', set, `${name}.json`), JSON.stringify({ bytecode: code, linkReferences }));
}

function shipped(set, root, paths) {
  for (const path of paths) {
    const name = basename(path);
    const file = join(modules, root, 'artifacts/contracts', `${path}.sol`, `${name}.json`);
    const { bytecode, linkReferences } = JSON.parse(readFileSync(file, 'utf8'));
    write(set, name, bytecode, linkReferences);
  }
}

// Where the compiler finds what sources import.
const remapped = [
  ['openzeppelin-contracts-upgradeable/contracts/', '@openzeppelin/contracts-upgradeable/'],
  ['openzeppelin-contracts/contracts/', '@openzeppelin/contracts/'],
  ['solidity-utils/', '@bgd-labs/solidity-utils/src/'],
  ['src/', '@aave-dao/aave-v3-origin/src/'],
];

function source(path) {
  const [from, to] = remapped.find(([from]) => path.startsWith(from)) ?? ['', ''];
  const file = from === '' ? path : join(modules, to, path.slice(from.length));
  return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `${path} is not there` };
}

function compile(set, paths) {
  const solc = require('solc');
  const output = { '*': { '*': ['evm.bytecode.object', 'evm.bytecode.linkReferences'] } };
  const settings = { optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun', outputSelection: output };
  const sources = Object.fromEntries(paths.map((path) => [path, { content: source(path).contents }]));
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  const result = JSON.parse(solc.compile(input, { import: source }));
  const errors = (result.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  for (const contracts of Object.values(result.contracts))
    for (const [name, { evm }] of Object.entries(contracts))
      if (evm.bytecode.object !== '') write(set, name, evm.bytecode.object, evm.bytecode.linkReferences);
}

const logic = (name) => `protocol/libraries/logic/${name}Logic`;
const libraries = ['Borrow', 'Bridge', 'Configurator', 'EMode', 'FlashLoan', 'Liquidation', 'Pool', 'Supply'].map(logic);
shipped('aave-3.0', '@aave/core-v3', [
  'protocol/configuration/PoolAddressesProvider', 'protocol/configuration/ACLManager', 'misc/AaveOracle',
  'misc/AaveProtocolDataProvider',
  'protocol/pool/Pool', 'protocol/pool/PoolConfigurator', 'protocol/pool/DefaultReserveInterestRateStrategy',
  'protocol/tokenization/AToken', 'protocol/tokenization/VariableDebtToken', 'protocol/tokenization/StableDebtToken',
  ...libraries,
]);
shipped('aave-3.0', '@aave/periphery-v3', ['misc/UiPoolDataProviderV3']);
shipped('uniswap', '@uniswap/v3-core', ['UniswapV3Factory']);
shipped('uniswap', '@uniswap/v3-periphery', ['NonfungiblePositionManager', 'SwapRouter']);
// By its path: viem does not export it.
write('own', 'Multicall3', require(join(modules, 'viem/_cjs/constants/contracts.js')).multicall3Bytecode, {});

compile('own', readdirSync(own).map((file) => join(own, file)));
compile('aave-3.6', [
  'instances/PoolInstance', 'instances/PoolConfiguratorInstance', 'instances/ATokenInstance',
  'instances/VariableDebtTokenInstance', 'protocol/configuration/PoolAddressesProvider',
  'protocol/configuration/ACLManager', 'misc/AaveOracle', 'misc/DefaultReserveInterestRateStrategyV2',
  'helpers/AaveProtocolDataProvider', 'helpers/UiPoolDataProviderV3',
].map((path) => `src/contracts/${path}.sol`));
