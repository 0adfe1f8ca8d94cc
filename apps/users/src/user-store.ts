import { hashPassword, verifyPassword } from './passwords.js';
import type { Resources } from './resources.js';

export interface User {
  id: string;
  email: string;
  name: string;
}

export interface NewUser {
  email: string;
  name: string;
  password: string;
}

export type UserStore = ReturnType<typeof userStore>;

export function userStore({ database }: Pick<Resources, 'database'>) {
  return {
    /** Undefined if the address is taken. */
    async register({ email, name, password }: NewUser): Promise<User | undefined> {
      const { rows } = await database.query<User>(
        `INSERT INTO users (email, name, password_hash) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING id, email, name`,
        [email, name, await hashPassword(password)],
      );
      return rows[0];
    },

    async find(id: string): Promise<User | undefined> {
      const { rows } = await database.query<User>(
        'SELECT id, email, name FROM users WHERE id = $1',
        [id],
      );
      return rows[0];
    },

    /** Undefined if the user does not exist, or the password is wrong. */
    async logIn(email: string, password: string): Promise<User | undefined> {
      const { rows } = await database.query<User & { password_hash: string }>(
        'SELECT id, email, name, password_hash FROM users WHERE lower(email) = lower($1)',
        [email],
      );
      const [found] = rows;
      if (!(await verifyPassword(password, found?.password_hash)) || !found) return undefined;
      const { id, name } = found;
      return { id, email: found.email, name };
    },
  };
}
