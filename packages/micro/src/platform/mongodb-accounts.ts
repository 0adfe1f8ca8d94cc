/**
 * Creates the two accounts if they are missing, and sets their passwords and roles. A shell script for the image of
 * MongoDB. Expects HOST, DATABASE, ADMIN, ADMIN_PASSWORD, OWNER, OWNER_PASSWORD, SERVICE and SERVICE_PASSWORD. No
 * password is in a command line: mongosh reads them as variables.
 *
 * Written after https://www.mongodb.com/docs/manual/reference/built-in-roles/ and never run against a real server.
 */
export const MONGODB_ACCOUNTS_SCRIPT = String.raw`cat > /tmp/accounts.js <<'JS'
const { DATABASE, ADMIN, ADMIN_PASSWORD, OWNER, OWNER_PASSWORD, SERVICE, SERVICE_PASSWORD } = process.env;
const admin = db.getSiblingDB('admin');
admin.auth(ADMIN, ADMIN_PASSWORD);
const ensure = (user, pwd, roles) =>
  admin.getUser(user) === null
    ? admin.createUser({ user, pwd, roles })
    : admin.updateUser(user, { pwd, roles });
ensure(OWNER, OWNER_PASSWORD, [{ role: 'dbOwner', db: DATABASE }]);
ensure(SERVICE, SERVICE_PASSWORD, [{ role: 'readWrite', db: DATABASE }]);
JS
for pause in 1 2 4 8 0; do
  if HOME=/tmp mongosh --quiet --host "$HOST" admin /tmp/accounts.js; then
    echo "$OWNER owns $DATABASE, $SERVICE works with it"
    exit 0
  fi
  sleep "$pause"
done
echo "the accounts of $DATABASE could not be made"
exit 1`;
