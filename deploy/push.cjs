// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation fills these in
// The platform applications in a stage's params. Permissions exclude those of other stages and
// services.
const names = ['pushAndroidApplication', 'pushIosApplication', 'pushWebApplication'];
// A permission must be for something, and there is no application of this name.
const none = { 'Fn::Sub': 'arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:app/GCM/none' };

module.exports = async ({ resolveVariable }) => {
  const params = await Promise.all(names.map((name) => resolveVariable(`param:${name}`)));
  const applications = [...new Set(params.filter(Boolean))];
  const endpoints = applications.map((arn) => `${arn.replace(':app/', ':endpoint/')}/*`);
  return applications.length > 0 ? { applications, endpoints } : { applications: [none], endpoints: [none] };
};
