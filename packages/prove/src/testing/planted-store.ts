import type { ProofRequest, ProofStep } from '@banyan/model'

/** What `/-/prove` keeps, in memory: every request has its whole effect at one moment. */
export class PlantedStore {
  readonly registers = new Map<string, number>()
  readonly elements = new Map<string, readonly number[]>()
  readonly lists = new Map<string, readonly number[]>()
  readonly accounts = new Map<string, number>()

  act(request: ProofRequest): object {
    switch (request.kind) {
      case 'transaction':
        return { results: request.operations.map((step) => this.#step(step)) }
      case 'write':
        this.registers.set(request.key, request.value)
        return {}
      case 'read':
        return { value: this.registers.get(request.key) ?? null }
      case 'add':
        this.elements.set(request.key, [...(this.elements.get(request.key) ?? []), request.value])
        return {}
      case 'elements':
        return { elements: this.elements.get(request.key) ?? [] }
      case 'transfer':
        return { done: this.#transfer(request.from, request.to, request.amount) }
      case 'balances':
        return { balances: request.keys.map((key) => this.accounts.get(key) ?? null) }
      case 'open':
        for (const key of request.keys) {
          if (!this.accounts.has(key)) this.accounts.set(key, request.balance)
        }
        return {}
      case 'clear':
        this.#clear(request.prefix)
        return {}
    }
  }

  #step(step: ProofStep): readonly number[] | null {
    if ('read' in step) return this.lists.get(step.read) ?? []
    const [key, value] = step.append
    this.lists.set(key, [...(this.lists.get(key) ?? []), value])
    return null
  }

  #transfer(from: string, to: string, amount: number): boolean {
    if ((this.accounts.get(from) ?? 0) < amount) return false
    this.deposit(from, -amount)
    this.deposit(to, amount)
    return true
  }

  deposit(account: string, amount: number): void {
    this.accounts.set(account, (this.accounts.get(account) ?? 0) + amount)
  }

  #clear(prefix: string): void {
    for (const part of [this.registers, this.elements, this.lists, this.accounts]) {
      for (const key of part.keys()) if (key.startsWith(prefix)) part.delete(key)
    }
  }
}
