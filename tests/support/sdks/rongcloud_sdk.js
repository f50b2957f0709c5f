// Makes every user call of rongcloud-sdk (npm) and prints the results as JSON. Arguments: address, app key, secret.

const [address, appkey, secret] = process.argv.slice(2);
const { User } = require('rongcloud-sdk')({ appkey, secret, api: address });

const settled = promise =>
  promise.then(result => result, error => ({ rejected: String((error && error.code) || error) }));

const calls = [
  () => User.register({ id: 'AAA', name: '忘情水 a&b+c', portrait: 'http://x/?a=1&b=2' }),
  () => User.register({ id: 'AAA', name: 'n', portrait: 'http://x/' }),
  () => User.update({ id: 'AAA', name: 'm', portrait: 'q' }),
  () => User.OnlineStatus.get({ id: 'AAA' }),
  () => User.Block.add({ id: 'AAA', minute: 10 }),
  () => User.Block.getList(),
  () => User.Block.remove({ id: 'AAA' }),
  () => User.Block.getList(),
  () => User.Blacklist.add({ id: 'AAA', blacklist: [{ id: 'B' }, { id: 'C' }] }),
  () => User.Blacklist.getList({ id: 'AAA' }),
  () => User.Blacklist.remove({ id: 'AAA', blacklist: [{ id: 'B' }, { id: 'C' }] }),
  () => User.Blacklist.getList({ id: 'AAA' }),
  () => User.Tag.set({ id: 'AAA', tags: ['bj', '男'] }),
  () => User.Tag.batchSet({ users: [{ id: 'B' }, { id: 'C' }], tags: ['x'] }),
  () => User.Tag.getList([{ id: 'AAA' }, { id: 'B' }]),
  () => User.Tag.remove({ id: 'AAA' }),
  () => User.Tag.batchRemove({ users: [{ id: 'B' }] }),
  // Failures.
  () => User.Block.add({ id: 'x'.repeat(70), minute: 10 }),
  () => User.Blacklist.remove({ id: 'AAA', blacklist: [] }),
  () => User.OnlineStatus.get({ id: 'x'.repeat(256) }),
];

(async () => {
  const results = [];
  for (const call of calls) results.push(await settled(call()));
  console.log('\n' + JSON.stringify(results));
})();
