export default async function none() {}
